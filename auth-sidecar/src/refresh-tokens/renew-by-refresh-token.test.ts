import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import { createLog } from '@sallyport/service-kit/log'
import { describe, expect, it } from 'vitest'
import type { ApiRequest } from '../login/api-request.ts'
import { login } from '../login/login.ts'
import { refresh } from '../login/refresh.ts'
import { createApiFixture, requestOf, routeOf } from '../login/testing/api-fixture.ts'
import { createNextRefreshToken, createRefreshToken, parseRefreshToken } from './refresh-token.ts'

/** Of the right form, and nobody's. */
const unknown = `spr_${'A'.repeat(64)}`
const credentials = { username: 'alice', password: 'right', refreshToken: true }

async function setUp(options: Parameters<typeof createApiFixture>[0] = {}) {
  const fixture = await createApiFixture(options)
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>)
  const deps = { ...fixture.deps, log: createLog('test', 'debug', { write }) }
  const native = { origin: undefined }

  async function signIn(): Promise<Required<LoginAnswer>> {
    const { outcome } = await login(requestOf({ ...native, body: credentials }), deps)
    if (!outcome.ok) return expect.fail('nobody signed in')
    return outcome.value as Required<LoginAnswer>
  }
  async function use(refreshToken: unknown, changes: Partial<ApiRequest> = {}) {
    const answer = await refresh(requestOf({ ...native, body: { refreshToken }, ...changes }), deps)
    const { outcome } = answer
    const code = outcome.ok ? 'allowed' : outcome.error.code
    const value = outcome.ok ? (outcome.value as Required<LoginAnswer>) : undefined
    return { ...answer, code, answer: value }
  }
  return { ...fixture, deps, lines, signIn, use }
}

describe('a refresh token', () => {
  it('RX.3 comes with the login of a client that asks for one, which gets no cookies', async () => {
    const { deps, signIn } = await setUp()
    const answer = await signIn()
    expect(answer).toMatchObject({
      refreshToken: expect.stringMatching(/^spr_[\w-]{64}$/) as string,
      refreshExpiresAt: new Date(deps.now() + deps.sessionLifeMs).toISOString(),
      user: { id: 'alice' },
    })
    const { setCookies } = await login(requestOf({ body: credentials }), deps)
    expect(setCookies).toBeUndefined()
    const plain = await login(requestOf({ body: { ...credentials, refreshToken: false } }), deps)
    expect(plain.outcome).not.toMatchObject({
      value: { refreshToken: expect.anything() as string },
    })
    expect(plain.setCookies).toHaveLength(3)
  })

  it('RX.3 leaves the session of a cookie that came along alone', async () => {
    const { deps, ended } = await setUp()
    const byCookie = { ...credentials, refreshToken: false }
    const { setCookies } = await login(requestOf({ body: byCookie }), deps)
    const cookieHeader = setCookies?.[0]?.split(';')[0]
    await login(requestOf({ body: credentials, cookieHeader }), deps)
    expect(ended()).toEqual([])
    expect(await deps.sessions.ofSubject('alice')).toHaveLength(2)
  })

  it('RX.3 renews the token and itself, again and again, in one session', async () => {
    const { deps, ended, refreshes, advanceMs, signIn, use } = await setUp()
    let current = await signIn()
    const seen = new Set([current.refreshToken])
    for (let round = 0; round < 50; round += 1) {
      advanceMs(300_000)
      const { answer, setCookies } = await use(current.refreshToken)
      if (!answer) return expect.fail('the refresh was refused')
      expect(answer).toMatchObject({
        user: current.user,
        sessionId: current.sessionId,
        expiresInMs: 600_000,
        refreshExpiresAt: current.refreshExpiresAt,
      })
      expect(setCookies).toBeUndefined()
      expect((await deps.currentAuthority.byToken(answer.token)).ok).toBe(true)
      expect(seen.has(answer.refreshToken)).toBe(false)
      seen.add(answer.refreshToken)
      current = answer
    }
    expect(ended()).toEqual([])
    expect(refreshes).toEqual(Array(50).fill('allowed fresh'))
  })

  it('RX.3 is stored as hashes only, and tells its session by a hash only', async () => {
    const { deps } = await setUp()
    const stored: unknown[] = []
    const create = async (record: unknown) => void stored.push(record)
    const spied = { ...deps, refreshTokens: { ...deps.refreshTokens, create } }
    const { outcome } = await login(requestOf({ body: credentials }), spied)
    const value = outcome.ok ? (outcome.value as Required<LoginAnswer>) : expect.fail('refused')
    const { refreshToken, sessionId } = value
    const [session] = await deps.sessions.ofSubject('alice')
    const { familyHash, secretHash } = parseRefreshToken(refreshToken) ?? expect.fail('no form')
    const { secretHash: sessionSecretHash, expiresAtMs } = session ?? expect.fail('no session')
    const record = { familyHash, secretHash, sessionId, subject: 'alice' }
    expect(stored).toEqual([{ ...record, sessionSecretHash, expiresAtMs }])
    const bytes = Buffer.from(refreshToken.slice('spr_'.length), 'base64url')
    for (const secret of [bytes.subarray(0, 16), bytes.subarray(16)]) {
      expect(JSON.stringify(stored)).not.toContain(secret.toString('base64url'))
    }
  })
})

describe('a refresh token that comes a second time', () => {
  it('RX.3 ends the whole session: its token, its next refresh token, its sockets', async () => {
    const { deps, ended, events, refreshes, lines, signIn, use } = await setUp()
    const bystander = await signIn()
    const { refreshToken: used, sessionId } = await signIn()
    const { answer } = await use(used)
    const again = await use(used)
    expect(again).toMatchObject({
      outcome: { error: { code: 'invalid-credential', detail: 'Invalid credential' } },
    })
    expect(ended()).toEqual([sessionId])
    expect(events).toMatchObject([{ type: 'session-ended', scope: 'everything', subject: 'alice' }])
    expect((await deps.currentAuthority.byToken(answer?.token ?? '')).ok).toBe(false)
    expect((await use(answer?.refreshToken)).code).toBe('invalid-credential')
    expect(refreshes.at(1)).toBe('invalid-credential refresh-token-reused')
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', sessionId }))
    expect((await use(bystander.refreshToken)).code).toBe('allowed')
  })

  it('RX.3 ends the session also when its thief has renewed 25 times since', async () => {
    const { deps, ended, events, refreshes, signIn, use } = await setUp()
    const { refreshToken: stolen, sessionId } = await signIn()
    let thief: Awaited<ReturnType<typeof use>>['answer']
    for (let count = 0; count < 25; count += 1) {
      thief = (await use(thief?.refreshToken ?? stolen)).answer
    }
    if (!thief) return expect.fail('the thief was refused')
    expect((await use(stolen)).code).toBe('invalid-credential')
    expect(ended()).toEqual([sessionId])
    expect(events).toMatchObject([{ type: 'session-ended', scope: 'everything', subject: 'alice' }])
    expect(refreshes.at(-1)).toBe('invalid-credential refresh-token-reused')
    expect((await deps.currentAuthority.byToken(thief.token)).ok).toBe(false)
    expect((await use(thief.refreshToken)).code).toBe('invalid-credential')
  })

  it('RX.3 ends the session also when it is of the family and never was handed out', async () => {
    const { ended, signIn, use } = await setUp()
    const { refreshToken, sessionId } = await signIn()
    const own = parseRefreshToken(refreshToken) ?? expect.fail('no form')
    expect((await use(createNextRefreshToken(own).text)).code).toBe('invalid-credential')
    expect(ended()).toEqual([sessionId])
    expect((await use(refreshToken)).code).toBe('invalid-credential')
  })

  it('RX.3 tells the outside what any invalid one tells', async () => {
    const { use, signIn, lines } = await setUp()
    const { refreshToken } = await signIn()
    await use(refreshToken)
    const refused = (await use(refreshToken)).outcome
    const outside = ({ outcome }: Pick<Awaited<ReturnType<typeof use>>, 'outcome'>) =>
      outcome.ok ? 'allowed' : { code: outcome.error.code, detail: outcome.error.detail }
    for (const other of [unknown, 'spr_', 'x', '', 'A'.repeat(43), refreshToken]) {
      const answer = await use(other)
      expect(outside(answer)).toEqual(outside({ outcome: refused }))
      expect(answer.setCookies).toBeUndefined()
    }
    expect(JSON.stringify(lines)).not.toContain(refreshToken)
  })

  it('RX.3 leaves nothing alive of forty at once, whoever was the first', async () => {
    const { deps, signIn, use } = await setUp()
    const { refreshToken, sessionId } = await signIn()
    const answers = await Promise.all(Array.from({ length: 40 }, () => use(refreshToken)))
    const won = answers.filter(({ code }) => code === 'allowed')
    expect(won.length).toBeLessThanOrEqual(1)
    for (const { answer } of won) {
      expect((await deps.currentAuthority.byToken(answer?.token ?? '')).ok).toBe(false)
      expect((await use(answer?.refreshToken)).code).toBe('invalid-credential')
    }
    const own = await deps.sessions.ofSubject('alice')
    expect(own.map((session) => session.sessionId)).not.toContain(sessionId)
  })

  it('R1.5 RX.3 ends the tokens of a session whose cookie alone was ended', async () => {
    const { deps, signIn, use } = await setUp()
    const { refreshToken, token, sessionId } = await signIn()
    await use(refreshToken)
    await deps.authorities.apply({ type: 'end-cookie', sessionId, subject: 'alice' })
    expect((await deps.currentAuthority.byToken(token)).ok).toBe(true)
    await use(refreshToken)
    expect((await deps.currentAuthority.byToken(token)).ok).toBe(false)
  })

  it('RX.3 is an outage when its session cannot be ended, and ends it when it comes again', async () => {
    const { deps, ended, signIn, use } = await setUp()
    const { refreshToken, sessionId } = await signIn()
    await use(refreshToken)
    const authorities = { ...deps.authorities, apply: () => Promise.reject(new Error('out')) }
    const asked = refresh(requestOf({ body: { refreshToken } }), { ...deps, authorities })
    await expect(asked).rejects.toThrow('out')
    expect(ended()).toEqual([])
    await use(refreshToken)
    expect(ended()).toEqual([sessionId])
  })
})

describe('a refresh token in an outage', () => {
  type Deps = Awaited<ReturnType<typeof setUp>>['deps']
  const out = () => Promise.reject(new Error('out'))
  it.each<[string, (deps: Deps) => Partial<Deps>]>([
    ['its family', (deps) => ({ refreshTokens: { ...deps.refreshTokens, find: out } })],
    ['its session', (deps) => ({ sessions: { ...deps.sessions, find: out } })],
    ['what ended', (deps) => ({ authorities: { ...deps.authorities, current: out } })],
    ['the signing key', (deps) => ({ tokens: brokenTokens(deps) })],
    ['its replacement', (deps) => ({ refreshTokens: { ...deps.refreshTokens, rotate: out } })],
  ])('RX.3 is good afterwards: %s could not be had', async (_name, breakIn) => {
    const { deps, ended, signIn, use } = await setUp()
    const { refreshToken } = await signIn()
    const ask = requestOf({ body: { refreshToken } })
    for (let count = 0; count < 3; count += 1) {
      await expect(refresh(ask, { ...deps, ...breakIn(deps) })).rejects.toThrow('out')
    }
    expect((await use(refreshToken)).code).toBe('allowed')
    expect(ended()).toEqual([])
  })

  function brokenTokens({ tokens }: Deps): Deps['tokens'] {
    return {
      ...tokens,
      now: () => {
        throw new Error('out')
      },
    }
  }
})

describe('what ends a refresh token', () => {
  it('SES-13 the end of its session, 24 h after the sign-in, however often it was renewed', async () => {
    const { deps, advanceMs, signIn, use } = await setUp()
    let current = await signIn()
    advanceMs(86_100_000)
    const late = await use(current.refreshToken)
    current = late.answer ?? expect.fail('refused before the end')
    expect(current.expiresInMs).toBe(300_000)
    expect(Date.parse(current.refreshExpiresAt)).toBe(deps.now() + 300_000)
    advanceMs(300_000)
    expect((await use(current.refreshToken)).code).toBe('invalid-credential')
    expect((await deps.currentAuthority.byToken(current.token)).ok).toBe(false)
  })

  it('SES-14 more sign-ins of its subject than there may be sessions', async () => {
    const { ended, signIn, use } = await setUp()
    const [first, second] = [await signIn(), await signIn()]
    for (let count = 2; count < 101; count += 1) await signIn()
    expect(ended()).toEqual([first.sessionId])
    expect((await use(first.refreshToken)).code).toBe('invalid-credential')
    expect((await use(second.refreshToken)).code).toBe('allowed')
  })

  it('R1.5 SES-1 a logout, the end of its cookie, the end of its subject', async () => {
    const { deps, signIn, signOut, use } = await setUp()
    const [signedOut, withoutCookie, byAdmin] = [await signIn(), await signIn(), await signIn()]
    await signOut({ sessionId: signedOut.sessionId, subject: 'alice' })
    expect((await use(signedOut.refreshToken)).code).toBe('invalid-credential')
    const { sessionId } = withoutCookie
    await deps.authorities.apply({ type: 'end-cookie', sessionId, subject: 'alice' })
    expect((await use(withoutCookie.refreshToken)).code).toBe('invalid-credential')
    const { issuer, now } = deps
    const change = { type: 'end-subject', issuer, subject: 'alice', issuedBeforeMs: now() } as const
    await deps.authorities.apply(change)
    expect((await use(byAdmin.refreshToken)).code).toBe('invalid-credential')
  })

  it('R1.5 the revocation of one token does not: the next token is good', async () => {
    const { deps, signIn, use } = await setUp()
    const { token, refreshToken } = await signIn()
    const judged = await deps.currentAuthority.byToken(token)
    const tokenId = judged.ok ? (judged.value.token?.id ?? '') : ''
    await deps.authorities.apply({ type: 'revoke-token', issuer: deps.issuer, tokenId })
    expect((await deps.currentAuthority.byToken(token)).ok).toBe(false)
    const { answer } = await use(refreshToken)
    expect((await deps.currentAuthority.byToken(answer?.token ?? '')).ok).toBe(true)
  })

  it('RX.3 a record that tells of another session than it finds opens neither', async () => {
    const { deps, signIn, use } = await setUp()
    const [mine, other] = [await signIn(), await signIn()]
    const sessions = await deps.sessions.ofSubject('alice')
    const found = sessions.find(({ sessionId }) => sessionId === other.sessionId)
    const { text, familyHash, secretHash } = createRefreshToken()
    await deps.refreshTokens.create({
      familyHash,
      secretHash,
      sessionId: mine.sessionId,
      subject: 'alice',
      sessionSecretHash: found?.secretHash ?? '',
      expiresAtMs: deps.now() + 1000,
    })
    expect((await use(text)).code).toBe('invalid-credential')
  })
})

describe('how a refresh token is presented', () => {
  it.each<[string, Partial<ApiRequest>]>([
    ['a session cookie', { cookieHeader: `sessionId=${'A'.repeat(43)}` }],
    ['a session cookie that cannot be one', { cookieHeader: 'sessionId=x' }],
    ['two session cookies', { cookieHeader: 'sessionId=x; sessionId=y' }],
    ['a token in a cookie', { cookieHeader: 'other=1; auth_token=a.b.c' }],
    ['a token in a header', { authorization: 'Bearer a.b.c' }],
    ['another scheme', { authorization: 'Basic YTpi' }],
  ])('AUT-2 RX.3 is refused beside %s, and not used up by it', async (_name, changes) => {
    const { signIn, use } = await setUp()
    const { refreshToken } = await signIn()
    expect((await use(refreshToken, changes)).code).toBe('conflicting-credentials')
    expect((await use(refreshToken)).code).toBe('allowed')
  })

  it('RX.3 is taken beside a cookie that is no credential', async () => {
    const { signIn, use } = await setUp()
    const { refreshToken } = await signIn()
    const { code } = await use(refreshToken, { cookieHeader: 'sallyport_signed_in=1; theme=dark' })
    expect(code).toBe('allowed')
  })

  it.each([7, null, {}, ['a'], 'x'.repeat(300)])('ERR-2 %j is malformed', async (odd) => {
    const { use } = await setUp({ limit: 1 })
    for (let count = 0; count < 3; count += 1) {
      expect((await use(odd)).code).toBe('malformed-request')
    }
  })

  it('LIM-1 so often a minute and address, and the one over the limit is not used up', async () => {
    const { advanceMs, signIn, use } = await setUp({ limit: 3 })
    const { refreshToken } = await signIn()
    for (let count = 0; count < 3; count += 1) {
      expect((await use(unknown)).code).toBe('invalid-credential')
    }
    expect(await use(refreshToken)).toMatchObject({
      outcome: { error: { code: 'rate-limited', retryAfterSeconds: 60 } },
    })
    expect((await use(refreshToken, { clientAddress: '198.51.100.4' })).code).toBe('allowed')
    advanceMs(60_000)
    expect((await use(unknown)).code).toBe('invalid-credential')
  })

  it('R4.5 sets no token cookie and extends no session’s, also where a route takes one', async () => {
    const routes = [routeOf({ ways: ['token-cookie', 'authorization'] })]
    const { events, signIn, use } = await setUp({ routes })
    const { refreshToken } = await signIn()
    expect((await use(refreshToken)).setCookies).toBeUndefined()
    expect(events).toEqual([])
  })
})
