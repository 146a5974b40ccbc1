// Which Traefik is taken, and what its static file becomes.

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Output } from '../context.ts'
import { createBuildProgress } from './build-progress.ts'
import { findTraefik, isNewEnough, readVersion, traefikCacheFolder } from './find-traefik.ts'
import { renderStaticConfig } from './render-static-config.ts'

const root = join(import.meta.dirname, '..', '..', '..')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-traefik-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('findTraefik', () => {
  it.each([
    ['3.7.12', true],
    ['3.7.13', true],
    ['3.8.0', true],
    ['3.10.0', true],
    ['3.7.12-rc.1', false],
    ['3.7.9', false],
    ['3.6.20', false],
    ['2.11.30', false],
    ['4.0.0', false],
    [undefined, false],
  ])('judges version %s as new enough: %s', (version, expected) => {
    expect(isNewEnough(version)).toBe(expected)
  })

  it('reads what `traefik version` prints and knows a development build by its lack of a number', () => {
    expect(readVersion('Version:      3.7.12\nCodename:     x\n')).toBe('3.7.12')
    expect(readVersion('Version:      dev\nGo version:   go1.26.8\n')).toBeUndefined()
  })

  it('passes an old one on PATH over for the one built earlier', async () => {
    const settings = { PATH: folder, XDG_CACHE_HOME: join(folder, 'cache') }
    const script = (path: string, version: string) => {
      writeFileSync(path, `#!/bin/sh\necho 'Version: ${version}'\n`)
      chmodSync(path, 0o755)
    }
    script(join(folder, 'traefik'), '3.1.0')
    expect(await findTraefik(root, settings)).toBeUndefined()
    const cached = traefikCacheFolder(root, settings)
    mkdirSync(cached, { recursive: true })
    script(join(cached, 'traefik'), '3.7.12')
    expect(await findTraefik(root, settings)).toEqual({
      path: join(cached, 'traefik'),
      origin: 'cache',
    })
    script(join(folder, 'traefik'), '3.9.1')
    expect((await findTraefik(root, settings))?.origin).toBe('path')
  })
})

describe('renderStaticConfig', () => {
  const input = {
    publicPort: 8081,
    managementPort: 8091,
    hasIpv6Loopback: true,
    dynamicDirectory: '/repository/dynamic',
    accessLog: '/state/access.log',
  }
  const source = readFileSync(join(root, 'traefik-config', 'traefik.yml'), 'utf8')

  it('changes addresses, the provider’s directory and the access log’s path, and nothing else', () => {
    const expected = parse(source)
    expected.entryPoints.web.address = '127.0.0.1:8081'
    expected.entryPoints.web6.address = '[::1]:8081'
    expected.entryPoints.management.address = '127.0.0.1:8091'
    expected.providers.file.directory = '/repository/dynamic'
    expected.accessLog.filePath = '/state/access.log'
    expect(parse(renderStaticConfig(source, input))).toEqual(expected)
  })

  it('leaves the IPv6 entry point out on a machine without ::1', () => {
    const rendered = parse(renderStaticConfig(source, { ...input, hasIpv6Loopback: false }))
    expect(Object.keys(rendered.entryPoints)).toEqual(['web', 'management'])
  })

  it('refuses a file without what it has to replace', () => {
    expect(() => renderStaticConfig('entryPoints: {}\n', input)).toThrow('entryPoints.web')
  })
})

describe('createBuildProgress', () => {
  it('says a plain line now and then where there is no terminal', () => {
    let clockMs = 500
    const lines: string[] = []
    const output: Output = {
      line: (text = '') => void lines.push(text),
      error: () => {},
      warn: () => {},
      rewrite: () => {},
      isTerminal: false,
      colors: false,
    }
    const progress = createBuildProgress(output, () => clockMs)
    for (let count = 0; count < 100; count += 1) progress.next(`go: downloading m${count} v1`)
    clockMs = 42_500
    for (let count = 0; count < 480; count += 1) progress.next(`example.org/p${count}`)
    expect(lines).toEqual([
      '  100 modules downloaded, 0 s',
      '  10 % (240 packages compiled, 42 s)',
      '  20 % (480 packages compiled, 42 s)',
    ])
  })
})
