// `status` when nothing runs: it says why the last run in the background ended, if a fault ended it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Context, Output } from '../context.ts'
import { createLogOutput, stoppingLine } from '../run/launcher-log.ts'
import { openFresh } from '../run/log-files.ts'
import { createPolicyReport, readPolicyFault } from '../run/policy-faults.ts'
import { prepareStateFolder, type StatePaths, statePaths } from '../state-folder.ts'
import { status } from './status.ts'

let state: StatePaths
let shown: string[]

beforeEach(() => {
  state = statePaths(mkdtempSync(join(tmpdir(), 'sallyport-status-')))
  prepareStateFolder(state)
  shown = []
})
afterEach(() => rmSync(state.directory, { recursive: true, force: true }))

function run(): Promise<number> {
  const line = (text = '') => void shown.push(text)
  const output = { line, error: line, warn: line, rewrite: line, isTerminal: false, colors: false }
  const onStopRequest = () => {}
  const context: Context = {
    root: '/',
    state,
    settings: {},
    settingsFaults: [],
    output,
    onStopRequest,
  }
  return status(context, { flags: {}, positionals: [] })
}

function writeLog(fault: string | undefined): void {
  const lines: string[] = []
  const log = createLogOutput((line) => lines.push(`${line}\n`), Date.now)
  log.line('auth-sidecar is ready')
  if (fault !== undefined) log.error(fault)
  log.line('stopped')
  writeFileSync(state.launcherLog, lines.join(''))
}

it('R3.5 says by which fault the last run in the background ended', async () => {
  writeLog('ws-backend was ended by SIGKILL\nits last lines:')
  expect(await run()).toBe(3)
  expect(shown[0]).toBe('Sallyport is not running.')
  expect(shown.slice(2)).toEqual(['  ws-backend was ended by SIGKILL', '  its last lines:'])
})

it('shows a crash of the launcher itself', async () => {
  writeFileSync(state.launcherLog, 'Error: EACCES\n    at main\n')
  await run()
  expect(shown).toContain('  Error: EACCES')
})

it('says nothing more after a good end', async () => {
  writeLog(undefined)
  expect(await run()).toBe(3)
  expect(shown).toEqual(['Sallyport is not running.'])
})

it('keeps the reason beside the log of the next run', () => {
  writeLog('ws-backend died')
  openFresh(state.launcherLog)
  expect(readFileSync(`${state.launcherLog}.previous`, 'utf8')).toContain('ws-backend died')
})

const editFault = 'sallyport.yml:11:5: routes.app: there is no "wayz", did you mean ways?'

/** A run in whose time somebody saved a faulty sallyport.yml. */
function logWithFaultyEdit(last: (log: Output) => void): void {
  const lines: string[] = []
  const log = createLogOutput((line) => lines.push(`${line}\n`), Date.now)
  createPolicyReport(state, log).onFaults([editFault])
  last(log)
  log.line('stopped')
  writeFileSync(state.launcherLog, lines.join(''))
}

it('R3.5 says nothing of a faulty edit after a run that its user ended', async () => {
  logWithFaultyEdit((log) => log.line(stoppingLine))
  expect(await run()).toBe(3)
  expect(shown).toEqual(['Sallyport is not running.'])
})

it('R3.5 shows the fault that ended the run, not the faulty edit before it', async () => {
  logWithFaultyEdit((log) => log.error('ws-backend was ended by SIGKILL'))
  await run()
  expect(shown.slice(2)).toEqual(['  ws-backend was ended by SIGKILL'])
})

it('RX.13 tells in one line of a faulty edit, until a good one', () => {
  const output = createLogOutput(() => {}, Date.now)
  const report = createPolicyReport(state, output)
  report.onFaults([editFault])
  expect(readPolicyFault(state)).toBe(
    'sallyport.yml is at fault (11:5 routes.app: there is no "wayz", did you mean ways?); the one before is in force: make check-config',
  )
  report.onFaults(['sallyport.yml: is missing', 'x'])
  expect(readPolicyFault(state)).toContain('sallyport.yml: is missing, and 1 more; the one before')
  report.onRendered()
  expect(readPolicyFault(state)).toBeUndefined()
})
