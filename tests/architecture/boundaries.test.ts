import { describe, expect, it } from 'vitest'
import {
  crossedBoundaries,
  environmentReaders,
  importCycles,
  misplacedPackages,
  serverOnlyReach,
} from './boundary-rules.ts'
import { createImportGraph, specifiersOf } from './import-graph.ts'
import { readSources } from './repository.ts'

const sources = readSources(/(?:\.tsx?|\.css|\/package\.json)$/)
const graph = createImportGraph(sources)

describe('the boundaries of the repository', () => {
  it('reads a graph that is worth checking', () => {
    expect(graph.imports.length).toBeGreaterThan(200)
    expect(graph.imports).toContainEqual({
      from: 'auth-sidecar/src/main.ts',
      to: 'service-kit/src/run-service.ts',
      isOurs: true,
    })
  })

  it('every import leads to a file that is there', () => {
    expect(graph.unresolved).toEqual([])
  })

  it('every place imports only what it may', () => {
    expect(crossedBoundaries(graph)).toEqual([])
  })

  it('packages that are hard to replace are imported in one place', () => {
    expect(misplacedPackages(graph)).toEqual([])
  })

  it('there is no cycle of imports, type-only ones included', () => {
    expect(importCycles(graph)).toEqual([])
  })

  it('only main.ts reads the environment', () => {
    expect(environmentReaders(sources)).toEqual([])
  })

  it('the client reaches neither zod nor a module of Node, through contracts either', () => {
    expect(serverOnlyReach(graph)).toEqual([])
  })
})

/** The graph of a few files of one line each, in workspaces of the names that are used here. */
function graphOf(files: Readonly<Record<string, string>>) {
  const manifest = (name: string) =>
    JSON.stringify({ name: `@sallyport/${name}`, exports: { './*': './src/*.ts' } })
  const names = ['contracts', 'service-kit', 'client', 'auth-sidecar', 'ws-backend']
  const manifests = names.map((name) => [`${name}/package.json`, manifest(name)] as const)
  return createImportGraph(new Map([...manifests, ...Object.entries(files)]))
}

const kit = { 'service-kit/src/log.ts': '', 'contracts/src/result.ts': '' }

describe('the rules find what they are for', () => {
  it.each([
    ['contracts/src/a.ts', '@sallyport/service-kit/log', 'service-kit/src/log.ts'],
    ['launcher/src/a.ts', '@sallyport/service-kit/log', 'service-kit/src/log.ts'],
    ['client/src/a.ts', '@sallyport/service-kit/log', 'service-kit/src/log.ts'],
    ['frontend/src/a.tsx', '@sallyport/service-kit/log', 'service-kit/src/log.ts'],
    ['service-kit/src/a.ts', '../../ws-backend/src/b.ts', 'ws-backend/src/b.ts'],
    ['auth-sidecar/src/a.ts', '../../ws-backend/src/b.ts', 'ws-backend/src/b.ts'],
    ['ws-backend/src/a.ts', '../../auth-sidecar/src/c.ts', 'auth-sidecar/src/c.ts'],
    ['frontend/server/a.ts', '../src/d.ts', 'frontend/src/d.ts'],
    ['frontend/src/a.ts', '../server/e.ts', 'frontend/server/e.ts'],
    ['frontend/vite.config.ts', '../launcher/src/f.ts', 'launcher/src/f.ts'],
    ['ws-backend/src/a.test.ts', '../../tests/support/g.ts', 'tests/support/g.ts'],
    ['launcher/src/a.ts', '../../bench/src/h.ts', 'bench/src/h.ts'],
  ])('a boundary that %s crosses to %s', (from, specifier, to) => {
    const graphWithFault = graphOf({ ...kit, [to]: '', [from]: `import '${specifier}'` })
    expect(crossedBoundaries(graphWithFault)).toEqual([`${from} → ${to}`])
  })

  it.each([
    ['auth-sidecar/src/entrypoints/verify.ts', 'express'],
    ['auth-sidecar/src/handshake/a.ts', 'jose'],
    ['contracts/src/identity.ts', 'jose'],
    ['ws-backend/src/drain.ts', 'ws'],
    ['client/src/gateway-client/client.ts', 'react'],
    ['client/src/session/a.ts', 'react-dom'],
    ['launcher/src/start.ts', '@peculiar/x509'],
  ])('a package out of its place: %s imports %s', (from, name) => {
    const graphWithFault = graphOf({ [from]: `import { x } from '${name}/part'` })
    expect(misplacedPackages(graphWithFault)).toEqual([`${from} → ${name}`])
  })

  it('a package in its place, or in a test, is no fault', () => {
    const graphWithout = graphOf({
      'auth-sidecar/src/entrypoints/auth-api.ts': `import express from 'express'`,
      'auth-sidecar/src/tokens/a.ts': `import 'jose'`,
      'ws-backend/src/drain.test.ts': `import 'ws'`,
      'ws-backend/src/testing/a.ts': `import '@peculiar/x509'`,
      'launcher/src/keys/certificates.ts': `import '@peculiar/x509'`,
    })
    expect(misplacedPackages(graphWithout)).toEqual([])
  })

  it('a cycle, type-only imports included', () => {
    const graphWithFault = graphOf({
      'contracts/src/a.ts': `import type { B } from './b.ts'`,
      'contracts/src/b.ts': `export * from './c.ts'`,
      'contracts/src/c.ts': `const a = await import('./a.ts')`,
    })
    expect(importCycles(graphWithFault)).toEqual([
      'contracts/src/a.ts → contracts/src/b.ts → contracts/src/c.ts → contracts/src/a.ts',
    ])
  })

  it.each([
    `const a = process.env['A']`,
    `const a = process['env']`,
    `const { env } = process`,
    `import { env } from 'node:process'`,
  ])('a reader of the environment: %s', (text) => {
    expect(environmentReaders(new Map([['launcher/src/start.ts', text]]))).toHaveLength(1)
    expect(environmentReaders(new Map([['launcher/src/main.ts', text]]))).toEqual([])
  })

  it('a word about the environment in a comment or a sentence is no reader', () => {
    const text = `// never process.env here\nconst a = \`process.env\``
    expect(environmentReaders(new Map([['launcher/src/start.ts', text]]))).toEqual([])
  })

  it('what the client reaches behind contracts', () => {
    const graphWithFault = graphOf({
      'client/src/a.ts': `import { b } from '@sallyport/contracts/b'`,
      'client/src/a.test.ts': `import 'node:fs'`,
      'contracts/src/b.ts': `export { c } from './c.ts'`,
      'contracts/src/c.ts': `import { z } from 'zod'\nimport 'node:crypto'`,
    })
    expect(serverOnlyReach(graphWithFault)).toEqual([
      'contracts/src/c.ts → zod',
      'contracts/src/c.ts → node:crypto',
    ])
  })

  it('an import that leads nowhere or is computed', () => {
    const graphWithFault = graphOf({
      'contracts/src/a.ts': `import './gone.ts'\nconst b = import(name)`,
    })
    expect(graphWithFault.unresolved).toEqual([
      'contracts/src/a.ts → ./gone.ts',
      'contracts/src/a.ts → a computed target',
    ])
  })
})

describe('the scanner', () => {
  it('finds every form of import and nothing in comments, templates or regular expressions', () => {
    const text = [
      `import a, { type B } from './a.ts'`,
      `import type {\n  C,\n} from "./c.ts"`,
      `export * as d from './d.ts'`,
      `// import x from './comment.ts'`,
      `/* import x from './comment.ts' */`,
      `const quote = /['"\`]/`,
      'const template = `import x from "./${`nested ${quote}`}/template.ts"`',
      `const half = 4 / 2 // it's "odd"`,
      `const e = await import('./e.ts')`,
      `type F = import('./f.ts').F`,
      `const worker = new Worker(new URL('./g.ts', import.meta.url))`,
      `import './h.ts'`,
      `const sentence = "from './string.ts'" + 'import("./string.ts")'`,
      `const page = <p>Don't import anything</p>`,
      `import i from './i.ts'`,
    ].join('\n')
    expect(specifiersOf(text).toSorted()).toEqual(
      ['a', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((name) => `./${name}.ts`),
    )
  })
})
