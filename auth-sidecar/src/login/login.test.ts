import { argon2Sync, randomBytes } from 'node:crypto'
import type { AuthorityEvent } from '@sallyport/contracts/authority-event'
import { createLog } from '@sallyport/service-kit/log'
import { afterAll, describe, expect, it } from 'vitest'
import { createMemoryAttemptLimiter } from '../limits/attempt-limiter.memory.ts'
import { createMetrics } from '../metrics.ts'
import { createDomainFixture } from '../testing/domain-fixture.ts'
import { login } from './login.ts'
import { createPasswordChecker } from './password-checker.ts'
import { parsePasswordHash, usersFileSchema } from './password-hash.ts'
import { signIn } from './password-users.ts'
import { checkSameOrigin } from './same-origin.ts'
import { signedInCookies, signedOutCookies } from './session-cookies.ts'

/** A cheap but real Argon2id hash. */
function hashOf(password: string): string {
  const nonce = randomBytes(16)
  const hash = argon2Sync('argon2id', {
    message: password,
    nonce,
    parallelism: 1,
    tagLength: 32,
    memory: 1024,
    passes: 1,
  })
  const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=1024,t=1,p=1$${text(nonce)}$${text(hash)}`
}

const checker = createPasswordChecker({ workers: 2, maxWaiting: 1 })
afterAll(() => checker.close())

const limiter = (limit: number) =>
  createMemoryAttemptLimiter({ limit, windowMs: 60_000, maxKeys: 100, now: () => 0 })
const users = [{ id: 'u1', username: 'alice', groups: [], passwordHash: hashOf('right') }]
const makeDeps = (limit = 100) => ({
  users,
  checker,
  attemptsByAddress: limiter(limit),
  attemptsByAccount: limiter(limit),
})
const request = (username: string, password: string) => ({ username, password, addressKey: 'a' })

describe('sign in', () => {
  it('R1.1 finds the user behind the right password', async () => {
    expect(await signIn(request('alice', 'right'), makeDeps())).toEqual({
      ok: true,
      value: users[0],
    })
  })

  it('AUT-16 answers a wrong password and an unknown name alike to the outside', async () => {
    const [wrong, unknown] = [
      await signIn(request('alice', 'wrong'), makeDeps()),
      await signIn(request('nobody', 'right'), makeDeps()),
    ]
    const outside = (result: typeof wrong) =>
      result.ok ? undefined : { code: result.error.code, detail: result.error.detail }
    expect(outside(wrong)).toBeDefined()
    expect(outside(wrong)).toEqual(outside(unknown))
  })

  it('LIM-1 limits attempts by account and by address before any hashing', async () => {
    const deps = { ...makeDeps(2), checker: { check: async () => 'mismatch' as const } }
    await signIn(request('alice', 'x'), deps)
    await signIn(request('alice', 'x'), deps)
    const uncalled = { check: () => Promise.reject(new Error('hashed')) }
    const refused = await signIn(request('alice', 'x'), { ...deps, checker: uncalled })
    expect(refused).toMatchObject({ ok: false, error: { code: 'rate-limited' } })
    const otherAddress = await signIn(
      { ...request('alice', 'x'), addressKey: 'b' },
      { ...deps, checker: uncalled },
    )
    expect(otherAddress).toMatchObject({ ok: false, error: { code: 'rate-limited' } })
  })

  it('LIM-1 turns the flood away with 503 when two are hashing and one waits', async () => {
    const hash = hashOf('right')
    const verdicts = await Promise.all(
      Array.from({ length: 8 }, () => checker.check('right', hash)),
    )
    expect(verdicts.filter((verdict) => verdict === 'match')).toHaveLength(3)
    expect(verdicts.filter((verdict) => verdict === 'busy')).toHaveLength(5)
    const busy = { ...makeDeps(), checker: { check: async () => 'busy' as const } }
    expect(await signIn(request('alice', 'x'), busy)).toMatchObject({
      error: { code: 'unavailable', retryAfterSeconds: 1 },
    })
  })
})

describe('login', () => {
  it('SES-14 ends the oldest session of a subject that has a hundred, and no other subject’s', async () => {
    const fixture = await createDomainFixture()
    const ended: string[] = []
    const deps = {
      ...makeDeps(1000),
      sessions: fixture.sessions,
      authorities: fixture.authorities,
      feed: {
        publish: (event: AuthorityEvent) =>
          void ended.push(event.type === 'session-ended' ? event.sessionId : event.type),
      },
      currentAuthority: fixture.deps.currentAuthority,
      tokens: fixture.tokens,
      cookies: { name: 'sessionId', secure: false, lifeMs: 86_400_000 },
      issuer: fixture.issuer,
      sessionLifeMs: 86_400_000,
      now: fixture.deps.now,
      log: createLog('test', 'error', { write: () => {} }),
      metrics: createMetrics(),
      checker: { check: async () => 'match' as const },
    }
    const first = await fixture.login('u1')
    const bystander = await fixture.login('bob')
    const api = { cookieHeader: undefined, authorization: undefined, clientAddress: '127.0.0.1' }
    const body = { username: 'alice', password: 'right' }
    for (let count = 1; count < 100; count += 1) await login({ ...api, body }, deps)
    expect(ended).toEqual([])
    await login({ ...api, body }, deps)
    expect(ended).toEqual([first.session.sessionId])
    expect(await fixture.sessions.ofSubject('u1')).toHaveLength(100)
    expect(ended).not.toContain(bystander.session.sessionId)
  })
})

describe('a password worker that dies', () => {
  it('ERR-1 fails the questions it had and no later one: its successor answers', async () => {
    const dying = createPasswordChecker({
      workers: 1,
      maxWaiting: 8,
      script: new URL('../testing/moody-worker.ts', import.meta.url),
    })
    const had = [dying.check('die', 'x'), dying.check('right', 'x')]
    for (const outcome of await Promise.allSettled(had)) expect(outcome.status).toBe('rejected')
    expect(await dying.check('right', 'x')).toBe('match')
    await dying.close()
  })
})

describe('users file', () => {
  it('R1.1 accepts Argon2id only, and each id and name once', () => {
    expect(parsePasswordHash('$2b$10$abcdefghijklmnopqrstuv')).toBeUndefined()
    const hash = users[0]?.passwordHash ?? ''
    for (const zero of ['t=0', 'p=0']) {
      expect(parsePasswordHash(hash.replace(`${zero[0]}=1`, zero))).toBeUndefined()
    }
    expect(usersFileSchema.safeParse(users).success).toBe(true)
    expect(usersFileSchema.safeParse([...users, ...users]).success).toBe(false)
  })
})

describe('session cookies', () => {
  const lifeMs = 86_400_000

  it('R0.1 are httpOnly, SameSite=Lax, Path=/, 24 h, Secure and __Host- in production', () => {
    const [session] = signedInCookies('secret', { name: 'sessionId', secure: true, lifeMs })
    expect(session?.split('; ').sort()).toEqual(
      [
        'HttpOnly',
        'Max-Age=86400',
        'Path=/',
        'SameSite=Lax',
        'Secure',
        '__Host-sessionId=secret',
      ].sort(),
    )
  })

  it('R0.1 are neither Secure nor prefixed in development, and still httpOnly', () => {
    const [session, companion] = signedInCookies('secret', {
      name: 'sessionId',
      secure: false,
      lifeMs,
    })
    expect(session).toMatch(/^sessionId=secret; /)
    expect(session).toContain('HttpOnly')
    expect(session).not.toContain('Secure')
    expect(companion).toMatch(/^sallyport_signed_in=1; /)
    expect(companion).not.toContain('HttpOnly')
  })

  it('R0.1 are both removed at sign-out', () => {
    const removed = signedOutCookies({ name: 'sessionId', secure: true, lifeMs })
    expect(removed).toHaveLength(2)
    for (const cookie of removed) expect(cookie).toContain('Max-Age=0')
  })
})

describe('same origin', () => {
  const allowed = new Set(['https://app.example.com'])
  const headers = (changes: object = {}) => ({
    origin: undefined,
    secFetchSite: undefined,
    carriesCookie: false,
    ...changes,
  })

  it.each([
    ['our page', { origin: 'https://app.example.com', carriesCookie: true }],
    ['a browser navigating here itself', { secFetchSite: 'none', carriesCookie: true }],
    ['a native client without a cookie', {}],
  ])('ORG-7 lets %s in', (_name, changes) => {
    expect(checkSameOrigin(headers(changes), true, allowed).ok).toBe(true)
  })

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['the origin null', { origin: 'null' }],
    ['a sibling host', { secFetchSite: 'same-site', carriesCookie: true }],
    ['a cross-site form', { secFetchSite: 'cross-site' }],
    ['a cookie from nowhere', { carriesCookie: true }],
  ])('ORG-7 W81 W82 refuses %s', (_name, changes) => {
    expect(checkSameOrigin(headers(changes), true, allowed)).toMatchObject({
      ok: false,
      error: { code: 'origin-not-allowed' },
    })
  })
})
