import { hash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readJson, type StatePaths, writePrivateJson } from '../state-folder.ts'
import { adminTokensFile } from './follow-up.ts'
import { rotateAdmin } from './rotate-admin.ts'
import type { RotationTask } from './rotate-ring.ts'
import { followingUntil, makeState, recordOutput, startMs } from './testing/rotation-fixture.ts'

type Stored = { name: string; hash: string; scopes: string[]; expiresAt?: string }
type Credentials = { users: object[]; adminToken: string; adminTokens?: Record<string, string> }

const hashOf = (secret: string) => hash('sha256', secret, 'base64url')
const firstSecret = `spa_${'a'.repeat(43)}`
const scopes = ['revoke']
const reader: Stored = { name: 'reader', hash: hashOf(`spa_${'r'.repeat(43)}`), scopes }

let state: StatePaths
let remove: () => void
let nowMs: number

beforeEach(async () => {
  ;({ state, remove } = await makeState())
  nowMs = startMs
  const own = { name: 'operator', hash: hashOf(firstSecret), scopes }
  writePrivateJson(adminTokensFile(state), { tokens: [own, reader] })
  writePrivateJson(state.credentials, { ...credentials(), adminToken: firstSecret })
})

afterEach(() => remove())

const credentials = () => readJson(state.credentials) as Credentials
const stored = () => (readJson(adminTokensFile(state)) as { tokens: Stored[] }).tokens

async function rotate(task: RotationTask = 'rotate', name?: string, stopsAt?: string) {
  const printed = recordOutput()
  const seen: { secret: string; hashes: string[] }[] = []
  const followUp = followingUntil(stopsAt, () =>
    seen.push({ secret: credentials().adminToken, hashes: stored().map((each) => each.hash) }),
  )
  const deps = { state, followUp, output: printed.output, now: () => nowMs, task, name }
  return { isDone: await rotateAdmin(deps), printed, seen }
}

it('RX.14 the new secret is good before anybody has it, the old one for ten minutes more', async () => {
  const { isDone, printed, seen } = await rotate()
  const { adminToken, users } = credentials()
  expect(isDone).toBe(true)
  expect(adminToken).toMatch(/^spa_[A-Za-z0-9_-]{43}$/)
  expect(users).toHaveLength(2)
  // At the second look the sidecars have both, and credentials.json still the old one.
  expect(seen[1]).toEqual({
    secret: firstSecret,
    hashes: [hashOf(adminToken), hashOf(firstSecret), reader.hash],
  })
  expect(stored()).toEqual([
    { name: 'operator', hash: hashOf(adminToken), scopes },
    {
      name: 'operator',
      hash: hashOf(firstSecret),
      scopes,
      expiresAt: new Date(startMs + 600_000).toISOString(),
    },
    reader,
  ])
  expect(printed.all()).not.toContain('spa_')
  for (const path of [adminTokensFile(state), state.credentials]) {
    expect(statSync(path).mode & 0o777).toBe(0o600)
  }
})

it('RX.14 what has expired goes with the next rotation or by DROP_OLD, and earlier when that is asked for', async () => {
  await rotate()
  await rotate('drop-due')
  expect(stored()).toHaveLength(3)
  nowMs += 600_000
  await rotate()
  expect(stored().filter(({ expiresAt }) => expiresAt !== undefined)).toHaveLength(1)
  await rotate('drop-all')
  expect(stored().map(({ name }) => name)).toEqual(['operator', 'reader'])
  expect(stored()[0]?.hash).toBe(hashOf(credentials().adminToken))
})

it('RX.14 the token of another name leaves the first one alone', async () => {
  await rotate('rotate', 'reader')
  const { adminToken, adminTokens } = credentials()
  expect(adminToken).toBe(firstSecret)
  expect(stored().find(({ name }) => name === 'reader')?.hash).toBe(
    hashOf(adminTokens?.['reader'] ?? ''),
  )
  const { isDone, printed } = await rotate('rotate', 'nobody')
  expect(isDone).toBe(false)
  expect(printed.errors.join()).toContain('NAME= is one of: reader, operator')
})

it('RX.14 is taken back when a sidecar does not follow: nobody loses a secret nobody was given', async () => {
  const before = readFileSync(adminTokensFile(state), 'utf8')
  const { isDone } = await rotate('rotate', undefined, 'takes')
  expect([isDone, readFileSync(adminTokensFile(state), 'utf8')]).toEqual([false, before])
  expect(credentials().adminToken).toBe(firstSecret)
})
