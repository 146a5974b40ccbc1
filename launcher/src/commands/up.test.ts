// `up` where it starts nothing: settings it cannot start with, a faulty sallyport.yml, a system that runs already.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { Context } from '../context.ts'
import { claim, release } from '../exclusive.ts'
import { prepareStateFolder, statePaths, writePrivateJson } from '../state-folder.ts'
import { up } from './up.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-up-'))
  folders.push(folder)
  return folder
}

function contextWith(settings: Context['settings'], directory: string) {
  const errors: string[] = []
  const lines: string[] = []
  const nothing = () => {}
  const context: Context = {
    root: resolve(import.meta.dirname, '..', '..', '..'),
    state: statePaths(directory),
    settings,
    settingsFaults: [],
    output: {
      line: (text = '') => void lines.push(text),
      error: (text) => void errors.push(text),
      warn: (text) => void errors.push(text),
      rewrite: nothing,
      isTerminal: false,
      colors: false,
    },
    onStopRequest: nothing,
  }
  return { context, errors, lines }
}

const run = (context: Context) => up(context, { flags: {}, positionals: [] })

it('R3.11 names the bad values of the launcher and of all services together and starts nothing', async () => {
  const settings = { WS_RATE_LIMIT: 'many', BACKEND_HEARTBEAT_MS: '1', PUBLIC_PORT: 'x' }
  const directory = join(tmpdir(), `sallyport-never-made-${process.pid}`)
  const { context, errors } = contextWith(settings, directory)
  expect(await run({ ...context, settingsFaults: ['.env, line 1: is no setting'] })).toBe(2)
  const said = errors.join('\n')
  for (const part of ['WS_RATE_LIMIT', 'BACKEND_HEARTBEAT_MS', 'PUBLIC_PORT', '.env, line 1']) {
    expect(said).toContain(part)
  }
  expect(errors.at(-1)).toBe('nothing was started; all settings: docs/settings.md')
  expect(existsSync(context.state.directory)).toBe(false)
})

it('RX.13 sends whoever has a faulty sallyport.yml to docs/policies.md', async () => {
  const folder = makeFolder()
  const file = join(folder, 'policy.yml')
  writeFileSync(file, 'version: 1\nrouts: {}\n')
  const { context, errors } = contextWith({ SALLYPORT_POLICY_FILE: file }, join(folder, 'state'))
  expect(await run(context)).toBe(2)
  expect(errors[0]).toContain(`${file}:2:1: `)
  expect(errors.at(-1)).toBe('nothing was started; sallyport.yml: docs/policies.md')
})

it('RX.1 says what REPLICAS=2 needs where there is no redis-server, and starts nothing', async () => {
  const folder = makeFolder()
  const { context, errors } = contextWith(
    { REPLICAS: '2', MODE: 'native', PATH: folder },
    join(folder, 'state'),
  )
  expect(await run(context)).toBe(1)
  expect(errors[0]).toMatch(/^REPLICAS=2 needs a redis-server: /)
  expect(errors.at(-1)).toBe('nothing was started')
  expect(existsSync(context.state.directory)).toBe(false)
})

it('R3.11 on a running system says that the settings of this call are not applied, and names bad ones', async () => {
  const { context, errors, lines } = contextWith({ WS_RATE_LIMIT: '50', DETACH: '1' }, makeFolder())
  const { state } = context
  prepareStateFolder(state)
  claim(state.launcherPid)
  writePrivateJson(state.endpoints, {
    public: 'http://localhost:1',
    publicAlternates: [],
    management: 'http://127.0.0.1:2',
    services: {},
    pids: { launcher: process.pid },
  })
  expect(await run(context)).toBe(0)
  expect(lines[1]).toBe('WS_RATE_LIMIT: settings of this call are not applied; make down first')
  expect(await run({ ...context, settings: { WS_RATE_LIMIT: 'many' } })).toBe(2)
  expect(errors.join('\n')).toContain('WS_RATE_LIMIT: must be')
  expect(errors.at(-1)).toContain('Sallyport is running already')
  release(state.launcherPid)
})
