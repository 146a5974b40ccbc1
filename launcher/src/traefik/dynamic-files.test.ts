import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Context } from '../context.ts'
import { environmentsOf } from '../environment.ts'
import { readPolicyFile } from '../policy-file.ts'
import type { ChosenPorts } from '../ports.ts'
import { checkPolicy } from '../run/check-policy.ts'
import { ensureAssertionKeys } from '../secrets/assertion-keys.ts'
import {
  assertionKeys,
  prepareStateFolder,
  readJson,
  type StatePaths,
  statePaths,
} from '../state-folder.ts'
import { followPolicy, renderOptionsOf, writeDynamicFiles } from './dynamic-files.ts'

const root = resolve(import.meta.dirname, '..', '..', '..')
const ports: ChosenPorts = {
  replicas: [
    {
      public: 8081,
      management: 8091,
      verify: 1,
      auth: 2,
      internal: 3,
      admin: 4,
      sidecarManagement: 5,
      sockets: 6,
      backendManagement: 7,
    },
  ],
  frontend: { pages: 8, management: 9 },
  hasIpv6Loopback: false,
}

let folder: string
let file: string
let state: StatePaths
let following: { close: () => void } | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-dynamic-'))
  file = join(folder, 'sallyport.yml')
  state = statePaths(join(folder, 'state'))
  prepareStateFolder(state)
})

afterEach(() => {
  following?.close()
  following = undefined
  rmSync(folder, { recursive: true })
})

const settings = () => ({ SALLYPORT_POLICY_FILE: file })
const environments = () => environmentsOf({ root, state, ports, settings: settings() })
const fileWith = (name: string) =>
  `version: 1\nroutes:\n  ${name}: { kind: websocket, path: /${name} }\n`
const routesFile = () => readFileSync(join(state.traefikDynamic, 'routes.yml'), 'utf8')

function write(): void {
  const { 'auth-sidecar': sidecar, traefik } = environments()
  const policy = readPolicyFile(root, sidecar)
  if (!policy.ok) throw new Error(policy.error.join('\n'))
  writeDynamicFiles(root, state, policy.value.policy, renderOptionsOf(traefik))
}

it('RX.13 puts the hand-written files and the rendered routes into one folder, and nothing else', () => {
  writeFileSync(file, fileWith('live'))
  write()
  writeFileSync(join(state.traefikDynamic, 'left-behind.yml'), 'http: {}\n')
  write()
  const handWritten = readdirSync(join(root, 'traefik-config', 'dynamic'))
  expect(readdirSync(state.traefikDynamic).toSorted()).toEqual(handWritten.toSorted())
  expect(routesFile()).toContain('live-chain@file')
  // Of this run's ports and machine, not of the repository's copy.
  expect(routesFile()).toContain('http://localhost:8081')
  expect(routesFile()).not.toContain('web6')
})

/** Follows the file from `text` on; what happens next is awaited. */
function follow(text: string) {
  let rendered = Promise.withResolvers<void>()
  let refused = Promise.withResolvers<readonly string[]>()
  following = followPolicy({
    root,
    state,
    environments: environments(),
    text,
    onRendered: () => rendered.resolve(),
    onFaults: (faults) => {
      refused.resolve(faults)
      if (faults[0]?.includes('ENOENT')) throw new Error('the report cannot be written either')
    },
  })
  return {
    nextRendered: () => {
      rendered = Promise.withResolvers()
      return rendered.promise
    },
    nextRefused: () => {
      refused = Promise.withResolvers()
      return refused.promise
    },
  }
}

describe('a launcher that follows sallyport.yml', () => {
  beforeEach(() => {
    ensureAssertionKeys(state)
    writeFileSync(file, fileWith('live'))
    write()
  })

  it('RX.13 renders the routes anew when the file changes, and leaves them when it became faulty', async () => {
    const { nextRendered, nextRefused } = follow(fileWith('live'))
    const rendered = nextRendered()
    writeFileSync(file, fileWith('other'))
    await rendered
    expect(routesFile()).toContain('other-chain@file')
    const refused = nextRefused()
    writeFileSync(file, 'version: 1\nroutes:\n  other: { kind: websocket, path: no }\n')
    expect(await refused).toEqual([expect.stringMatching(/sallyport\.yml:3:\d+: /)])
    expect(routesFile()).toContain('other-chain@file')
  })

  it('RX.13 says that what it could not write was not written, and goes on', async () => {
    const { nextRendered, nextRefused } = follow(fileWith('live'))
    const refused = nextRefused()
    rmSync(state.traefik, { recursive: true })
    writeFileSync(file, fileWith('other'))
    expect(await refused).toEqual([expect.stringMatching(/sallyport\.yml: is good, .*ENOENT/)])
    prepareStateFolder(state)
    write()
    const rendered = nextRendered()
    writeFileSync(file, fileWith('third'))
    await rendered
    expect(routesFile()).toContain('third-chain@file')
  })

  it('RX.13 misses no change between judging the file and following it', async () => {
    writeFileSync(file, fileWith('other'))
    await follow(fileWith('live')).nextRendered()
    expect(routesFile()).toContain('other-chain@file')
  })

  it('RX.6 gives a backend that is added while it runs a key of its own', async () => {
    const rendered = follow(fileWith('live')).nextRendered()
    writeFileSync(file, `${fileWith('live')}backends:\n  games: { url: 'http://127.0.0.1:3000' }\n`)
    await rendered
    expect(readJson(assertionKeys(state, 'games'))).toEqual({
      keys: [{ keyId: expect.any(String), secret: expect.any(String) }],
    })
  })
})

it('RX.13 R3.11 check-config names every fault of the file by line and column', () => {
  const context = { root, state, settings: settings() } as unknown as Context
  writeFileSync(file, 'version: 1\nroutes:\n  a: { kind: websocket, pth: /a }\n  b: { path: 1 }\n')
  const { isGood, said } = checkPolicy(context)
  expect(isGood).toBe(false)
  const places = said.split('\n').map((line) => line.replace(file, '').split(': ')[0])
  expect(places).toEqual([':3:3', ':3:25', ':4:3', ':4:14'])
  writeFileSync(file, fileWith('live'))
  expect(checkPolicy(context)).toMatchObject({ isGood: true })
  rmSync(file)
  expect(checkPolicy(context)).toEqual({
    isGood: false,
    said: expect.stringContaining(`${file}: is missing or cannot be read: bring it back, or`),
  })
})
