// What `up` says when everything is ready, for one pair and for two.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Context } from './context.ts'
import { addressesOf } from './endpoints.ts'
import type { ReplicaPorts } from './ports.ts'
import { prepareStateFolder, statePaths, writePrivateJson } from './state-folder.ts'
import { summaryLines } from './summary.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-summary-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const pair = (number: number): ReplicaPorts => ({
  public: 8080 + number,
  management: 8090 + number,
  verify: 1,
  auth: 2,
  internal: 3,
  admin: 4,
  sidecarManagement: 5,
  sockets: 6,
  backendManagement: 7,
})

function summary(replicas: number, name = 'state'): string[] {
  const state = statePaths(join(folder, name))
  prepareStateFolder(state)
  writePrivateJson(state.credentials, {
    users: [{ username: 'alice', password: 'very-secret' }],
    adminToken: 'spa_secret',
  })
  const nothing = () => {}
  const context: Context = {
    root: '/nowhere',
    state,
    settings: {},
    settingsFaults: [],
    output: {
      line: nothing,
      error: nothing,
      warn: nothing,
      rewrite: nothing,
      isTerminal: false,
      colors: false,
    },
    onStopRequest: nothing,
  }
  const addresses = addressesOf({
    replicas: [pair(0), ...(replicas > 1 ? [pair(1)] : [])],
    frontend: { pages: 8, management: 9 },
    hasIpv6Loopback: true,
  })
  return summaryLines(context, { ...addresses, pids: {} })
}

it('R3.5 shows no secret to what is not a terminal', () => {
  expect(summary(1).join('\n')).not.toMatch(/very-secret|spa_secret/)
})

it('RX.1 says of two pairs what may be done at either, and what is of one backend', () => {
  const said = summary(2).join('\n')
  expect(said).toContain('http://localhost:8080   http://localhost:8081\n')
  expect(said).toContain('either address; signed in at one is signed in at both')
  expect(said).toContain('rooms are per backend: a message may not reach the other window')
  expect(said).toContain('http://127.0.0.1:8090   http://127.0.0.1:8091 (either does), admin token')
  expect(summary(1).join('\n')).not.toMatch(/either|rooms/)
})

it('prints a line to ask the admin API with, which reads the token when it is run', () => {
  const line = summary(1, 'a state').find((each) => each.includes('curl')) ?? ''
  const [, inner = ''] = /\$\((node .*)\)"/.exec(line) ?? []
  expect(line).toMatch(/http:\/\/127\.0\.0\.1:8090\/admin\/connections$/)
  expect(execFileSync('sh', ['-c', inner], { encoding: 'utf8' })).toBe('spa_secret\n')
  expect(summary(1, "it's").join()).not.toContain('curl')
})
