import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { SessionRecord } from '../sessions/session-store.ts'
import { parseCompactToken } from './compact-token.ts'
import { createFollowedKeyRing, type FollowedKeyRing, followKeys } from './followed-key-ring.ts'
import { issueToken } from './issue-token.ts'
import { createBuiltInProfile } from './issuer-profile.ts'
import { createKeyRing } from './key-ring.ts'
import { makeKey } from './testing/make-token.ts'
import { bearer, builtInIssuer } from './testing/verifier-fixture.ts'
import { createTokenMemory, tokenMemoryKey } from './verified-tokens.ts'
import { judgeToken } from './verify-token.ts'

const profile = { issuer: builtInIssuer, audience: 'sallyport' }
const nowMs = 1_800_000_000_000
const now = () => nowMs
const key = (kid: string) => ({ ...makeKey(kid).privateJwk, kid, alg: 'ES256', use: 'sig' })
const [first, second] = [key('first'), key('second')]

let folder: string
let ring: FollowedKeyRing
const report = { taken: vi.fn(), refused: vi.fn() }

beforeEach(async () => {
  vi.clearAllMocks()
  folder = mkdtempSync(join(tmpdir(), 'sallyport-ring-'))
  write([first])
  const initial = await createKeyRing({ keys: [first] })
  ring = createFollowedKeyRing(initial, { path: join(folder, 'keys.json'), report })
  await vi.waitFor(() => expect(report.taken).toHaveBeenCalledTimes(1))
})

afterEach(async () => {
  await ring.close()
  rmSync(folder, { recursive: true })
})

function write(keys: readonly object[]): void {
  const path = join(folder, 'keys.json')
  writeFileSync(`${path}.new`, JSON.stringify({ keys }))
  renameSync(`${path}.new`, path)
}

async function takesOver(keys: readonly object[]): Promise<void> {
  const times = report.taken.mock.calls.length
  write(keys)
  await vi.waitFor(() => expect(report.taken.mock.calls.length).toBe(times + 1), 5000)
}

const session = {
  sessionId: 'session-1',
  subject: 'alice',
  username: 'alice',
  groups: [],
  generation: { epoch: 'epoch', subject: 0, session: 0 },
  expiresAtMs: nowMs + 3_600_000,
  device: { clientId: 'browser' },
} as unknown as SessionRecord

async function issue(): Promise<string> {
  const deps = { ...profile, keyRing: ring, tokenLifeMs: 600_000, now }
  return (await issueToken(session, deps)).compact
}

/** The verifier as far as keys and memory go. */
function createVerifier() {
  const builtIn = createBuiltInProfile({ ...profile, maxLifeMs: 660_000 }, followKeys(ring))
  const memory = createTokenMemory({ maxTokens: 100, maxCharacters: 100_000 })
  async function verify(compact: string) {
    const memoryKey = tokenMemoryKey(compact, bearer)
    const remembered = memory.find(memoryKey, nowMs)
    if (remembered) return 'remembered'
    const token = parseCompactToken(compact)
    if (!token.ok) return token.error
    const verified = await judgeToken(token.value, builtIn, bearer, now)
    if (!verified.ok) return verified.error
    memory.remember(memoryKey, compact.length, verified.value)
    return 'verified'
  }
  return verify
}

it('RX.14 verifies with a key that was added, and signs with the one that stands first', async () => {
  const verify = createVerifier()
  const old = await issue()
  expect([await verify(old), await verify(old)]).toEqual(['verified', 'remembered'])
  await takesOver([first, second])
  expect(ring.signingKey.keyId).toBe('first')
  expect(ring.publicKeys.keys.map(({ kid }) => kid)).toEqual(['first', 'second'])
  expect(await verify(old)).toBe('verified')
  // As a rotation writes it: what else stands beside a key is nobody's business here.
  await takesOver([second, { ...first, retiredAt: '2030-01-01T00:00:00.000Z' }])
  expect(ring.publicKeys.keys.every((key) => !('retiredAt' in key))).toBe(true)
  expect(ring.signingKey.keyId).toBe('second')
  // The same keys in another order: what is remembered stays so.
  expect(await verify(old)).toBe('remembered')
  expect(await verify(await issue())).toBe('verified')
})

it('RX.14 J49 refuses a token whose key was removed from then on, out of the memory, too', async () => {
  const verify = createVerifier()
  await takesOver([first, second])
  const old = await issue()
  expect([await verify(old), await verify(old)]).toEqual(['verified', 'remembered'])
  const gone = () => ['first', 'second', 'never'].map(ring.isKeyGone)
  expect(gone()).toEqual([false, false, false])
  await takesOver([second])
  expect(await verify(old)).toBe('token-key')
  expect(gone()).toEqual([true, false, false])
  expect(ring.publicKeys.keys.map(({ kid }) => kid)).toEqual(['second'])
  // And again when its key comes back under the same id: nothing was remembered of the refusal.
  await takesOver([second, first])
  expect(await verify(old)).toBe('verified')
  expect(gone()).toEqual([false, false, false])
})

it.each([
  ['no JSON', '{"keys":['],
  ['an empty ring', '{"keys":[]}'],
  ['a key twice', JSON.stringify({ keys: [first, first] })],
])('RX.14 stays with the keys in force over %s', async (_what, text) => {
  const before = ring.verificationKeys
  writeFileSync(join(folder, 'keys.json'), text)
  await vi.waitFor(() => expect(report.refused).toHaveBeenCalledExactlyOnceWith('token'), 5000)
  expect(ring.verificationKeys).toBe(before)
  expect(ring.signingKey.keyId).toBe('first')
})
