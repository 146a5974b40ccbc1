import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Context } from '../context.ts'
import { environmentsOf } from '../environment.ts'
import { readPolicyFile } from '../policy-file.ts'
import type { ChosenPorts } from '../ports.ts'
import { checkPolicy } from '../run/check-policy.ts'
import { prepareStateFolder, type StatePaths, statePaths } from '../state-folder.ts'
import { followPolicy, renderOptionsOf, writeDynamicFiles } from './dynamic-files.ts'

const root = resolve(import.meta.dirname, '..', '..', '..')
const ports: ChosenPorts = {
  public: 8081,
  management: 8091,
  hasIpv6Loopback: false,
  internal: {
    verify: 1,
    auth: 2,
    internal: 3,
    sidecarManagement: 4,
    sockets: 5,
    backendManagement: 6,
    pages: 7,
    frontendManagement: 8,
  },
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
  writeDynamicFiles(root, state, policy.value, renderOptionsOf(traefik))
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

it('RX.13 renders the routes anew when the file changes, and leaves them when it became faulty', async () => {
  writeFileSync(file, fileWith('live'))
  write()
  const rendered = Promise.withResolvers<void>()
  const refused = Promise.withResolvers<readonly string[]>()
  following = followPolicy({
    root,
    state,
    environments: environments(),
    onRendered: rendered.resolve,
    onFaults: refused.resolve,
  })
  writeFileSync(file, fileWith('other'))
  await rendered.promise
  expect(routesFile()).toContain('other-chain@file')
  writeFileSync(file, 'version: 1\nroutes:\n  other: { kind: websocket, path: no }\n')
  expect(await refused.promise).toEqual([expect.stringMatching(/sallyport\.yml:3:\d+: /)])
  expect(routesFile()).toContain('other-chain@file')
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
  expect(checkPolicy(context)).toEqual({ isGood: false, said: `${file}: cannot be read` })
})
