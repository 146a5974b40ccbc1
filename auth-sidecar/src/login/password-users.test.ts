import { describe, expect, it } from 'vitest'
import { createMemoryAttemptLimiter } from '../limits/attempt-limiter.memory.ts'
import { createKnownDevices } from './known-device.ts'
import type { PasswordVerdict } from './password-checker.ts'
import { type SignInDeps, type SignInRequest, signIn } from './password-users.ts'

const alice = { id: 'u1', username: 'alice', groups: [], passwordHash: 'of alice' }
const limiter = (limit: number) =>
  createMemoryAttemptLimiter({ limit, windowMs: 60_000, maxKeys: 1000, now: () => 0 })
const devices = createKnownDevices({
  secret: new Uint8Array(32),
  secure: false,
  now: () => 1_800_000_000_000,
})
const knownCookie = devices.remember(alice, undefined).split(';')[0]

function makeDeps(changes: Partial<SignInDeps> & { limits?: [number, number] } = {}) {
  const { limits: [byAddress, byAccount] = [100, 100], ...rest } = changes
  const asked: unknown[] = []
  const check = async (password: string, _hash: string, asker: unknown) => {
    asked.push(asker)
    return password === 'right' ? 'match' : 'mismatch'
  }
  const deps: SignInDeps = {
    users: () => [alice],
    checker: { check },
    attemptsByAddress: limiter(byAddress),
    attemptsByAccount: limiter(byAccount),
    devices,
    bypass: () => false,
    ...rest,
  }
  return { deps, asked }
}

const attempt = (changes: Partial<SignInRequest> = {}): SignInRequest => ({
  username: 'alice',
  password: 'wrong',
  addressKey: 'a',
  clientAddress: '203.0.113.7',
  isFromLoopback: false,
  cookieHeader: undefined,
  ...changes,
})
const codeOf = (result: Awaited<ReturnType<typeof signIn>>) =>
  result.ok ? 'allowed' : result.error.code

describe('sign in', () => {
  it('R1.1 finds the user behind the right password', async () => {
    const result = await signIn(attempt({ password: 'right' }), makeDeps().deps)
    expect(result).toEqual({ ok: true, value: { user: alice, deviceId: undefined } })
  })

  it('AUT-16 answers a wrong password and an unknown name alike to the outside', async () => {
    const { deps, asked } = makeDeps()
    const wrong = await signIn(attempt(), deps)
    const unknown = await signIn(attempt({ username: 'nobody', password: 'x' }), deps)
    const outside = (result: typeof wrong) =>
      result.ok ? undefined : { code: result.error.code, detail: result.error.detail }
    expect(outside(wrong)).toBeDefined()
    expect(outside(wrong)).toEqual(outside(unknown))
    expect(asked).toHaveLength(2) // both were hashed
  })

  it('AUT-16 SES-1 answers somebody disabled as it answers an unknown name, after as much hashing', async () => {
    const hashes: string[] = []
    const check = async (password: string, hash: string) => {
      hashes.push(hash)
      return password === 'right' ? ('match' as const) : ('mismatch' as const)
    }
    const users = () => [
      { ...alice, disabled: true },
      { ...alice, id: 'u2', username: 'bob' },
    ]
    const bypass = () => true
    const { deps } = makeDeps({ users, bypass, checker: { check } })
    const right = { password: 'right', cookieHeader: knownCookie }
    const disabled = await signIn(attempt(right), deps)
    const unknown = await signIn(attempt({ ...right, username: 'nobody' }), deps)
    if (disabled.ok || unknown.ok) return expect.fail('one was let in')
    expect({ ...disabled.error, reason: '' }).toEqual({ ...unknown.error, reason: '' })
    expect(disabled.error.reason).toBe('user-disabled')
    expect(hashes).toEqual([hashes[0], hashes[0]])
  })

  it('LIM-1 limits attempts by address and by account before any hashing', async () => {
    const { deps, asked } = makeDeps({ limits: [2, 2] })
    const codes: string[] = []
    for (const addressKey of ['a', 'a', 'a', 'b']) {
      codes.push(codeOf(await signIn(attempt({ addressKey }), deps)))
    }
    const [wrong, limited] = ['invalid-credential', 'rate-limited']
    expect(codes).toEqual([wrong, wrong, limited, limited])
    expect(asked).toHaveLength(2)
    const other = await signIn(attempt({ addressKey: 'b', username: 'bob' }), deps)
    expect(codeOf(other)).toBe(wrong)
  })

  it('LIM-1 answers 503 to whoever was not asked at all, and takes his attempt back', async () => {
    let verdict: PasswordVerdict = 'busy'
    const { deps } = makeDeps({ limits: [1, 1], checker: { check: async () => verdict } })
    for (let count = 0; count < 3; count += 1) {
      expect(await signIn(attempt(), deps)).toMatchObject({
        error: { code: 'unavailable', retryAfterSeconds: 1 },
      })
    }
    verdict = 'match'
    expect(codeOf(await signIn(attempt(), deps))).toBe('allowed')
    expect(codeOf(await signIn(attempt(), deps))).toBe('rate-limited')
  })
})

describe('a device that signed in before', () => {
  it('LIM-1 is not locked out by strangers, however many addresses they have', async () => {
    const { deps, asked } = makeDeps({ limits: [20, 100] })
    for (let count = 0; count < 120; count += 1) {
      await signIn(attempt({ addressKey: `${count % 10}` }), deps)
    }
    const right = { password: 'right', addressKey: 'home' }
    expect(codeOf(await signIn(attempt(right), deps))).toBe('rate-limited')
    const known = await signIn(attempt({ ...right, cookieHeader: knownCookie }), deps)
    expect(known).toMatchObject({ ok: true, value: { user: alice } })
    // Nor by those behind its own address, and it is served before them.
    const atThree = attempt({ ...right, addressKey: '3', cookieHeader: knownCookie })
    expect(codeOf(await signIn(atThree, deps))).toBe('allowed')
    expect(asked.at(-1)).toMatchObject({ isKnown: true })
  })

  it('LIM-1 has limits of its own, wherever it comes from', async () => {
    const { deps } = makeDeps({ limits: [3, 100] })
    const codes: string[] = []
    for (const addressKey of ['a', 'b', 'c', 'd']) {
      codes.push(codeOf(await signIn(attempt({ addressKey, cookieHeader: knownCookie }), deps)))
    }
    expect(codes.slice(0, 3)).toEqual(Array(3).fill('invalid-credential'))
    expect(codes[3]).toBe('rate-limited')
  })

  it('LIM-1 shares a limit of the account with its other devices: many cookies are not many limits', async () => {
    const { deps } = makeDeps({ limits: [100, 5] })
    const codes: string[] = []
    for (let count = 0; count < 6; count += 1) {
      const [cookieHeader] = devices.remember(alice, undefined).split(';')
      codes.push(codeOf(await signIn(attempt({ cookieHeader }), deps)))
    }
    expect(codes.at(-1)).toBe('rate-limited')
  })

  it('LIM-1 is a stranger to every other account, and to one whose name looks like a key of ours', async () => {
    const { deps, asked } = makeDeps({ limits: [100, 2] })
    for (const username of ['devices alice', 'devices alice', 'bob', 'strangers alice']) {
      await signIn(attempt({ username, cookieHeader: knownCookie }), deps)
    }
    expect(asked).toEqual(Array(4).fill({ key: 'address a', isKnown: false }))
    expect(codeOf(await signIn(attempt({ cookieHeader: knownCookie }), deps))).not.toBe(
      'rate-limited',
    )
    expect(codeOf(await signIn(attempt(), deps))).not.toBe('rate-limited')
  })
})

describe('a development bypass', () => {
  const bypass = (username: string, { isFromLoopback }: { isFromLoopback: boolean }) =>
    username === 'alice' && isFromLoopback

  it('R3.6 spares its user the password, from this machine only, and nobody else', async () => {
    const { deps, asked } = makeDeps({ bypass })
    const local = { isFromLoopback: true }
    expect(codeOf(await signIn(attempt(local), deps))).toBe('allowed')
    expect(asked).toEqual([])
    expect(codeOf(await signIn(attempt(), deps))).toBe('invalid-credential')
    expect(codeOf(await signIn(attempt({ ...local, username: 'bob' }), deps))).toBe(
      'invalid-credential',
    )
  })

  it('R3.6 is limited like any sign-in', async () => {
    const { deps } = makeDeps({ bypass, limits: [1, 9] })
    await signIn(attempt({ isFromLoopback: true }), deps)
    expect(codeOf(await signIn(attempt({ isFromLoopback: true }), deps))).toBe('rate-limited')
  })
})
