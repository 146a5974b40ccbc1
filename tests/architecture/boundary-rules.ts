// The boundaries of the repository as data, and one function a rule that finds what breaks it. Pure: sources in,
// violations out, so that each rule can be shown a fault.

import type { Import, ImportGraph, Sources } from './import-graph.ts'
import { codeOf } from './source-text.ts'

const isTest = (path: string): boolean =>
  /\.(?:test|contract)\.tsx?$/.test(path) || /\/testing\//.test(path) || path.startsWith('tests/')

/** What each place may import of ours, itself included always. `tests` and `bench` may import anything, nobody them. */
const allowedZones: Readonly<Record<string, readonly string[]>> = {
  contracts: [],
  'service-kit': ['contracts'],
  'auth-sidecar': ['contracts', 'service-kit'],
  'ws-backend': ['contracts', 'service-kit'],
  'frontend/server': ['contracts', 'service-kit'],
  'frontend/src': ['client', 'contracts'],
  client: ['contracts'],
  launcher: ['contracts'],
}

/** Where a package may be imported. A package that is not named may be imported by whoever depends on it. */
const packagePlaces: Readonly<Record<string, RegExp>> = {
  express: /^auth-sidecar\/src\/entrypoints\/[^/]+-api\.ts$/,
  jose: /^(?:auth-sidecar\/src\/tokens\/|contracts\/src\/identity-assertion\.ts$|bench\/src\/servers\/)/,
  ioredis: /^auth-sidecar\/src\/(?:[^/]+\/)*[^/]+\.redis\.ts$/,
  ws: /^(?:ws-backend\/src\/(?:connection\/accept-upgrade|main)\.ts$|launcher\/src\/)/,
  react: /^(?:client\/src\/react|frontend)\//,
  'react-dom': /^(?:client\/src\/react|frontend)\//,
  '@peculiar/x509': /^launcher\/src\/(?:[^/]+\/)*[^/]*certificates?\.ts$/,
}

/** Imports that point where their place must not look. */
export function crossedBoundaries({ imports }: ImportGraph): string[] {
  return imports.filter(({ from, to, isOurs }) => isOurs && !mayImport(from, to)).map(sentence)
}

function mayImport(from: string, to: string): boolean {
  if (/^(?:tests|bench)\//.test(from)) return true
  const [here, there] = [zoneOf(from), zoneOf(to)]
  if (here === undefined) return topFolder(from) === topFolder(to)
  return here === there || (there !== undefined && (allowedZones[here] ?? []).includes(there))
}

function zoneOf(path: string): string | undefined {
  return Object.keys(allowedZones).find((zone) => path.startsWith(`${zone}/`))
}

/** Packages that are imported outside their place; tests may import any. */
export function misplacedPackages({ imports }: ImportGraph): string[] {
  return imports
    .filter(
      ({ from, to, isOurs }) => !isOurs && !isTest(from) && packagePlaces[to]?.test(from) === false,
    )
    .map(sentence)
}

/** Cycles of imports, type-only ones included; each as the files it goes through. */
export function importCycles({ imports }: ImportGraph): string[] {
  const targets = new Map<string, string[]>()
  for (const { from, to, isOurs } of imports) {
    if (isOurs) targets.set(from, [...(targets.get(from) ?? []), to])
  }
  const cycles: string[] = []
  const finished = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '))
    if (start >= 0 || finished.has(path)) return
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path])
    finished.add(path)
  }
  for (const path of targets.keys()) visit(path, [])
  return cycles
}

/** Files that read the environment and are neither a `main.ts`, nor a build's configuration, nor a test. */
export function environmentReaders(sources: Sources): string[] {
  const isFree = (path: string) =>
    !/\.tsx?$/.test(path) || /(?:^|\/)(?:main|vite\.config)\.ts$/.test(path) || isTest(path)
  const reads =
    /\bprocess\s*(?:\?\.|\.|\[\s*['"])\s*env\b|\benv\b[^;{}]*\}\s*(?:=|from)\s*(?:process\b|['"](?:node:)?process['"])/
  return [...sources]
    .filter(([path, text]) => !isFree(path) && reads.test(codeOf(text, 'strings')))
    .map(([path]) => path)
}

/** What the browser's client reaches, through contracts too, that has no place in a page. */
export function serverOnlyReach(graph: ImportGraph): string[] {
  const bySource = Map.groupBy(graph.imports, ({ from }) => from)
  const isClient = (path: string) => path.startsWith('client/src/') && !isTest(path)
  const reached = new Set([...bySource.keys()].filter(isClient))
  const faults: string[] = []
  // A Set yields what is added to it while it is walked: this goes on until nothing new is reached.
  for (const path of reached) {
    for (const edge of bySource.get(path) ?? []) {
      if (edge.isOurs) reached.add(edge.to)
      else if (edge.to === 'zod' || edge.to.startsWith('node:')) faults.push(sentence(edge))
    }
  }
  return faults
}

function topFolder(path: string): string {
  return path.split('/', 1)[0] ?? ''
}

function sentence({ from, to }: Import): string {
  return `${from} → ${to}`
}
