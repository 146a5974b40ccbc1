// `logs`: which lines it shows, and which wishes it refuses.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CommandInput, Context } from '../context.ts'
import { createLogOutput } from '../run/launcher-log.ts'
import { prepareStateFolder, type StatePaths, serviceLog, statePaths } from '../state-folder.ts'
import { logs } from './logs.ts'

let state: StatePaths
let lines: string[]
let errors: string[]
let stop: () => void
let onShown: () => void

beforeEach(() => {
  state = statePaths(mkdtempSync(join(tmpdir(), 'sallyport-logs-')))
  prepareStateFolder(state)
  lines = []
  errors = []
  onShown = () => {}
})
afterEach(() => rmSync(state.directory, { recursive: true, force: true }))

function run(flags: CommandInput['flags'], ...positionals: string[]): Promise<number> {
  const context: Context = {
    root: '/',
    state,
    settings: {},
    settingsFaults: [],
    output: {
      line: (text = '') => {
        lines.push(text)
        onShown()
      },
      error: (text) => void errors.push(text),
      warn: (text) => void errors.push(text),
      rewrite: () => {},
      isTerminal: false,
      colors: false,
    },
    onStopRequest: (callback) => {
      stop = callback
    },
  }
  return logs(context, { flags, positionals })
}

function write(service: string, ...seconds: number[]): void {
  const entries = seconds.map((second) => JSON.stringify({ time: second * 1000, msg: `${second}` }))
  writeFileSync(serviceLog(state, service), `${entries.join('\n')}\n`)
}

const shown = () => lines.map((line) => line.trim().split(/\s+/).slice(-2).join(' '))

describe('logs', () => {
  it('R3.5 merges the services by time and shows the last lines of all', async () => {
    write('ws-backend', 1, 3)
    write('frontend', 2, 4)
    expect(await run({ lines: '3' })).toBe(0)
    expect(shown()).toEqual(['frontend 2', 'ws-backend 3', 'frontend 4'])
  })

  it('shows 200 lines unless told, and all when fewer are there than wished', async () => {
    write('frontend', ...Array(250).keys())
    await run({}, 'frontend')
    expect(lines).toHaveLength(200)
    lines = []
    await run({ lines: '1000' }, 'frontend')
    expect(lines).toHaveLength(250)
  })

  it.each([
    'abc',
    '0',
    '-1',
    '',
    '1.5',
    '1e3',
  ])('refuses to show %j lines and says what it takes', async (wish) => {
    write('frontend', 1)
    expect(await run({ lines: wish })).toBe(2)
    expect(errors).toEqual([`--lines takes a whole number from 1 on, not '${wish}'`])
    expect(lines).toEqual([])
  })

  it('goes on with what is written later, also by a service that had no file yet', async () => {
    write('ws-backend', 1)
    const ended = run({ follow: true })
    const shownLater = new Promise<void>((resolve) => {
      onShown = resolve
    })
    write('frontend', 2)
    await shownLater
    stop()
    expect(await ended).toBe(0)
    expect(shown()).toEqual(['ws-backend 1', 'frontend 2'])
  })

  it('refuses a service that does not exist and names those that do', async () => {
    expect(await run({}, 'nginx')).toBe(2)
    expect(errors.join()).toContain('ws-backend')
  })

  it('shows the launcher’s own lines among the services’, and alone', async () => {
    write('ws-backend', 1, 3)
    const log: string[] = []
    createLogOutput(
      (line) => log.push(line),
      () => 2000,
    ).error('ws-backend died')
    writeFileSync(state.launcherLog, `${log.join('\n')}\n`)
    await run({})
    expect(shown()).toEqual(['ws-backend 1', 'ws-backend died', 'ws-backend 3'])
    lines = []
    expect(await run({}, 'launcher')).toBe(0)
    expect(shown()).toEqual(['ws-backend died'])
  })

  it('says so when there are no logs', async () => {
    expect(await run({})).toBe(3)
    expect(lines).toEqual([`no logs in ${state.logs}`])
  })
})
