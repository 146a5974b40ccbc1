// What lies in the state folder before the first process starts. Nothing is started.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Context } from '../context.ts'
import { prepareStateFolder, type StatePaths, statePaths, traefikStatic } from '../state-folder.ts'
import { decideRun } from '../user-settings.ts'
import { prepareRun } from './prepare-run.ts'

const anyPorts = { PUBLIC_PORT: '0', MANAGEMENT_PORT: '0' }
let state: StatePaths
let said: string[]

beforeEach(() => {
  state = statePaths(mkdtempSync(join(tmpdir(), 'sallyport-prepare-')))
  prepareStateFolder(state)
  said = []
})
afterEach(() => rmSync(state.directory, { recursive: true }))

async function prepare(asked: Readonly<Record<string, string>>) {
  const settings = { ...anyPorts, ...asked }
  const plan = decideRun(settings)
  if (!plan.ok) throw new Error(plan.error.join())
  const context: Context = {
    root: resolve(import.meta.dirname, '..', '..', '..'),
    state,
    settings,
    settingsFaults: [],
    output: {
      line: (text = '') => void said.push(text),
      error: (text) => void said.push(text),
      warn: (text) => void said.push(text),
      rewrite: () => {},
      isTerminal: false,
      colors: false,
    },
    onStopRequest: () => {},
  }
  const prepared = await prepareRun(context, plan.value, { traefik: '/traefik', redis: '/redis' })
  if (!prepared.ok) throw new Error(prepared.error.join())
  return prepared.value
}

it('RX.1 gives each Traefik entry points and an access log of its own, and the same routes', async () => {
  const { addresses, stages } = await prepare({ REPLICAS: '2' })
  const configs = ['traefik', 'traefik-2'].map((name) => {
    const text = readFileSync(traefikStatic(state, name), 'utf8')
    return parse(text) as {
      entryPoints: Record<string, { address: string }>
      accessLog: { filePath: string }
      providers: { file: { directory: string } }
    }
  })
  const portsOf = (urls: readonly string[]) => urls.map((url) => new URL(url).port)
  for (const entryPoint of ['web', 'management'] as const) {
    const wanted = addresses.replicas.map((replica) =>
      entryPoint === 'web' ? replica.public : replica.management,
    )
    const bound = configs.map(({ entryPoints }) => `http://${entryPoints[entryPoint]?.address}`)
    expect(portsOf(bound)).toEqual(portsOf(wanted))
  }
  const logs = configs.map(({ accessLog }) => accessLog.filePath)
  expect(logs).toEqual([
    join(state.logs, 'traefik-access.log'),
    join(state.logs, 'traefik-2-access.log'),
  ])
  for (const { providers } of configs) expect(providers.file.directory).toBe(state.traefikDynamic)
  const routes = readFileSync(join(state.traefikDynamic, 'routes.yml'), 'utf8')
  for (const replica of addresses.replicas) expect(routes).toContain(replica.public)
  expect(stages.at(-1)?.map(({ arguments: [file] }) => file)).toEqual(
    ['traefik', 'traefik-2'].map((name) => `--configFile=${traefikStatic(state, name)}`),
  )
  expect(said).toContain('REPLICAS=2 shares its state through Redis: STATE=redis is chosen')
})

it('RX.1 keeps sidecars alive, and revives one that dies only where another serves on', async () => {
  const kept = async (asked: Readonly<Record<string, string>>) => {
    const { stages } = await prepare(asked)
    return stages
      .flat()
      .filter(({ isAlive }) => isAlive !== undefined)
      .map(({ name, isRevived }) => [name, isRevived])
  }
  expect(await kept({})).toEqual([['auth-sidecar', false]])
  expect(await kept({ REPLICAS: '2' })).toEqual([
    ['auth-sidecar', true],
    ['auth-sidecar-2', true],
  ])
})

it('makes nothing for Redis and for a second sidecar where there is none', async () => {
  const names = () => [...readdirSync(state.directory), ...readdirSync(state.keys)]
  await prepare({})
  expect(said.join()).not.toContain('Redis')
  expect(names()).toContain('authority')
  for (const name of ['authority-2', 'redis-auth-sidecar']) expect(names()).not.toContain(name)
  await prepare({ STATE: 'redis' })
  expect(said.join()).toContain('password of Redis')
  expect(names()).not.toContain('authority-2')
  await prepare({ REPLICAS: '2' })
  for (const name of ['authority-2', 'redis-auth-sidecar']) expect(names()).toContain(name)
})

it('SES-6 forgets what the other kind of state knew, so that everything from before is refused', async () => {
  const journal = join(state.directory, 'authority', 'authority.jsonl')
  await prepare({})
  writeFileSync(journal, 'x\n')
  await prepare({ STATE: 'memory' })
  expect(existsSync(journal)).toBe(true)

  said = []
  await prepare({ STATE: 'redis' })
  expect(existsSync(journal)).toBe(false)
  expect(said.join()).toContain('the last run had STATE=memory')
  const data = join(state.redis, 'appendonlydir')
  const position = join(state.directory, 'authority', 'redis-position.json')
  for (const path of [data, position]) writeFileSync(path, 'x')

  said = []
  await prepare({ REPLICAS: '2' })
  for (const path of [data, position]) expect(existsSync(path)).toBe(true)
  expect(said.join()).not.toContain('the last run')

  await prepare({})
  for (const path of [data, position, state.redis]) expect(existsSync(path)).toBe(false)
  expect(said.join()).toContain('the last run had STATE=redis')
})

it('says nothing of a state that nobody has used', async () => {
  await prepare({ STATE: 'redis' })
  expect(said.filter((line) => line.includes('the last run'))).toEqual([])
})
