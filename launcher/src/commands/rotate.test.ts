import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { claim, release } from '../exclusive.ts'
import { makeState, recordOutput } from '../rotate/testing/rotation-fixture.ts'
import { type StatePaths, statePaths } from '../state-folder.ts'
import { rotate } from './rotate.ts'

let state: StatePaths
let remove: () => void

beforeEach(async () => {
  ;({ state, remove } = await makeState())
})

afterEach(() => remove())

async function run(words: readonly string[], flags: CommandInput['flags'] = {}, paths = state) {
  const printed = recordOutput()
  const context = { state: paths, output: printed.output } as unknown as Context
  return { code: await rotate(context, { positionals: words, flags }), ...printed }
}

it.each([
  [[], {}, 'which keys?'],
  [['tokens'], {}, 'KEY=tokens'],
  [['token', 'admin'], {}, 'one KEY='],
  [['token'], { 'drop-old': 'yes' }, 'DROP_OLD=yes'],
  [['token'], { 'drop-old': 'toString' }, 'DROP_OLD=toString'],
  [['token'], { 'drop-old': '0' }, 'DROP_OLD=0: 1 or now'],
  [['certificates'], { 'drop-old': '1' }, 'DROP_OLD'],
  [['token'], { name: 'operator' }, 'NAME'],
] as const)('RX.14 says how it is used: %j %j', async (words, flags, fault) => {
  const before = readFileSync(state.tokenKeys, 'utf8')
  const { code, errors } = await run(words, flags)
  expect(code).toBe(exitCodes.usage)
  expect(errors[0]).toContain(fault)
  expect(errors.join()).toContain('token, assertion, certificates, admin')
  expect(readFileSync(state.tokenKeys, 'utf8')).toBe(before)
})

it('RX.14 changes the files where nothing runs, and says that', async () => {
  const keys = () => (JSON.parse(readFileSync(state.tokenKeys, 'utf8')) as { keys: object[] }).keys
  const [old] = keys()
  const { code, lines } = await run(['token'])
  expect(code).toBe(exitCodes.ok)
  expect(lines[0]).toContain('not running')
  expect(keys()[1]).toMatchObject(old ?? {})
  expect((await run(['assertion'])).code).toBe(exitCodes.ok)
  expect((await run(['certificates'])).code).toBe(exitCodes.ok)
})

it('RX.14 waits for a system that is starting: its services read keys just now', async () => {
  claim(state.launcherPid)
  const { code, errors } = await run(['token'])
  release(state.launcherPid)
  expect(code).toBe(exitCodes.failed)
  expect(errors[0]).toContain('starting or stopping')
})

it('RX.14 says what is missing where there are no keys', async () => {
  const nowhere = statePaths(join(state.directory, 'other'))
  const { code, errors } = await run(['token'], {}, nowhere)
  expect(code).toBe(exitCodes.failed)
  expect(errors[0]).toContain('make up')
})
