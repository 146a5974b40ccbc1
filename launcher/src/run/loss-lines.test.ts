// What a run says of children that were lost.

import { expect, it } from 'vitest'
import { statePaths } from '../state-folder.ts'
import { lossLines, restartLine } from './loss-lines.ts'

const state = statePaths('/x/state')

it('W95 says of a sidecar that is started again what that costs where its state is in memory', () => {
  const why = 'did not answer any more and was killed'
  expect(restartLine('auth-sidecar', why, 'redis')).toBe(`auth-sidecar ${why}: it is started again`)
  expect(restartLine('auth-sidecar', why, 'memory')).toMatch(
    /started again; .* has to sign in again/,
  )
})

it('R3.5 shows the last lines of what ended the run, and where all are', () => {
  const fault = { name: 'traefik', what: 'exited with code 1', lastLines: ['a', 'b'] }
  expect(lossLines(fault, state)).toEqual([
    'traefik exited with code 1',
    `its last lines (all are in ${state.logs}):`,
    expect.stringMatching(/^ {2}traefik\s+a$/),
    expect.stringMatching(/^ {2}traefik\s+b$/),
  ])
})

it('R3.5 says what to do about a users file that the sidecar does not take', () => {
  const ended = (path: string) => ({
    name: 'auth-sidecar',
    what: 'exited with code 1',
    lastLines: [`could not start: SIDECAR_USERS_FILE: ${path} is not as expected: is not JSON`],
  })
  expect(lossLines(ended(state.users), state)[1]).toBe(
    `correct ${state.users}, or delete it: the next make up makes new demo users`,
  )
  expect(lossLines(ended('/elsewhere/users.json'), state).join()).not.toContain('delete')
})
