import { afterEach, describe, expect, it } from 'vitest'
import { issueToken } from '../tokens/issue-token.ts'
import { revoke } from './revoke.ts'
import { caller, createAdminFixture } from './testing/admin-fixture.ts'

const closers: (() => unknown)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function start() {
  const fixture = await createAdminFixture()
  closers.push(fixture.close)
  const { heard } = fixture.addNode('backend-1', [])
  const { currentAuthority } = fixture.domain
  /** What a session's cookie and its token are worth now. */
  const worthOf = async ({ secret, token }: { secret: string; token: string }) => {
    const judged = [await currentAuthority.bySession(secret), await currentAuthority.byToken(token)]
    return judged.map((each) => (each.ok ? 'good' : each.error))
  }
  /** Of what the backends were told: what comes after `position`. */
  const told = () => heard.slice(1)
  return { ...fixture, worthOf, told, ask: (body: object) => revoke(body, caller, fixture.deps) }
}

const alive = ['good', 'good']

describe('a revocation', () => {
  it('SES-8 SES-7 of a session ends its cookie and its tokens, and no other session', async () => {
    const { ask, login, worthOf, told, sessions } = await start()
    const [one, other] = [await login(), await login()]
    const { sessionId } = one.session
    expect(await ask({ sessionId })).toMatchObject({ ok: true })
    expect(await worthOf(one)).toEqual(['session-unknown', 'revoked'])
    expect(await worthOf(other)).toEqual(alive)
    expect(told()).toMatchObject([{ type: 'session-ended', sessionId, scope: 'everything' }])
    expect((await sessions.ofSubject('alice')).map((each) => each.sessionId)).toEqual([
      other.session.sessionId,
    ])
  })

  it('R1.5 SES-8 of a session’s cookie leaves its tokens', async () => {
    const { ask, login, worthOf, told } = await start()
    const one = await login()
    const { sessionId } = one.session
    await ask({ sessionId, scope: 'session' })
    expect(await worthOf(one)).toEqual(['revoked', 'good'])
    expect(told()).toMatchObject([{ type: 'session-ended', sessionId, scope: 'cookie' }])
  })

  it('R1.5 SES-8 of a token leaves the session and its other tokens', async () => {
    const { ask, login, worthOf, told, domain, tokens } = await start()
    const one = await login()
    const second = await issueToken(one.session, tokens)
    const judged = await domain.currentAuthority.byToken(one.token)
    const tokenId = judged.ok ? judged.value.token?.id : undefined
    await ask({ tokenId })
    expect(await worthOf(one)).toEqual(['good', 'revoked'])
    expect(await worthOf({ ...one, token: second.compact })).toEqual(alive)
    expect(told()).toMatchObject([{ type: 'token-revoked', tokenId }])
  })

  it('SES-8 SES-7 of a subject ends all of theirs, and nobody else’s', async () => {
    const { ask, login, worthOf, told, sessions, issuer } = await start()
    const [one, two, bob] = [await login(), await login(), await login('bob')]
    await ask({ subject: 'alice' })
    expect(await worthOf(one)).toEqual(['session-unknown', 'revoked'])
    expect(await worthOf(two)).toEqual(['session-unknown', 'revoked'])
    expect(await worthOf(bob)).toEqual(alive)
    expect(told()).toMatchObject([{ type: 'subject-ended', issuer, subject: 'alice' }])
    expect(await sessions.ofSubject('alice')).toEqual([])
    expect(await worthOf(await login())).toEqual(alive)
  })

  it('SES-8 of a subject until a moment spares what began after it', async () => {
    const { ask, login, worthOf, advanceMs, deps } = await start()
    const one = await login()
    advanceMs(1000)
    const issuedBefore = new Date(deps.now()).toISOString()
    advanceMs(1000)
    const two = await login()
    await ask({ subject: 'alice', issuedBefore })
    expect(await worthOf(one)).toEqual(['session-unknown', 'revoked'])
    expect(await worthOf(two)).toEqual(alive)
  })

  it('SES-8 of a subject until a moment reaches sessions whose cookie was ended before', async () => {
    const { ask, login, worthOf, advanceMs, deps } = await start()
    const one = await login()
    await ask({ sessionId: one.session.sessionId, scope: 'session' })
    advanceMs(1000)
    const issuedBefore = deps.now() / 1000
    advanceMs(1000)
    await ask({ subject: 'alice', issuedBefore })
    expect(await worthOf(one)).toEqual(['session-unknown', 'revoked'])
  })

  it('SES-8 of a key or of our issuer ends tokens that were issued until then; sessions renew', async () => {
    for (const selector of [{ keyId: 'k1' }, { issuer: 'https://app.example.com/auth' }]) {
      const { ask, login, worthOf, told, advanceMs, tokens } = await start()
      const one = await login()
      advanceMs(2000)
      await ask(selector)
      expect(await worthOf(one)).toEqual(['good', 'revoked'])
      expect(told()).toMatchObject([{ type: 'check-all' }])
      advanceMs(2000)
      const { compact } = await issueToken(one.session, tokens)
      expect(await worthOf({ ...one, token: compact })).toEqual(alive)
    }
  })

  it('SES-11 of what nobody knows is no error', async () => {
    const { ask } = await start()
    const issuer = 'https://id.example.org'
    for (const body of [
      { sessionId: 'xForeign' },
      { subject: 'nobody' },
      { subject: 'nobody', issuer },
      { tokenId: 'none', issuer },
      { keyId: 'none', issuer },
      { issuer },
    ]) {
      expect(await ask(body)).toMatchObject({ ok: true })
    }
  })

  it('SES-7 may leave live sockets a margin, and takes nothing new meanwhile', async () => {
    const { ask, login, worthOf, told } = await start()
    const [one, bob] = [await login(), await login('bob')]
    await ask({ sessionId: one.session.sessionId, marginMs: 5000 })
    await ask({ subject: 'bob', marginMs: 3000 })
    expect(told()).toMatchObject([{ marginMs: 5000 }, { marginMs: 3000 }])
    expect(await worthOf(one)).toEqual(['session-unknown', 'revoked'])
    expect(await worthOf(bob)).toEqual(['session-unknown', 'revoked'])
  })
})

describe('the record of a revocation', () => {
  it('SES-7 is written before and after, with its id, and who asked for it and why', async () => {
    const { ask, audited, lines } = await start()
    const answer = await ask({ subject: 'alice', reason: 'left the company' })
    if (!answer.ok) throw new Error('refused')
    expect(answer.value).toEqual({
      id: expect.any(String),
      effectiveAt: '2027-01-15T08:00:00.000Z',
    })
    const common = {
      ...caller,
      action: 'revoke',
      target: { id: answer.value.id, type: 'subject', subject: 'alice' },
      reason: 'left the company',
    }
    expect(audited()).toMatchObject([
      { ...common, outcome: 'intent' },
      { ...common, outcome: 'done' },
    ])
    expect(lines.filter((line) => line.includes('"audit":true'))).toHaveLength(2)
  })

  it('SES-7 fails first: what cannot be recorded is not done', async () => {
    const { login, worthOf, deps } = await start()
    const one = await login()
    const audit = { record: () => Promise.reject(new Error('disk full')) }
    const { sessionId } = one.session
    await expect(revoke({ sessionId }, caller, { ...deps, audit })).rejects.toThrow('disk full')
    expect(await worthOf(one)).toEqual(alive)
  })

  it('SES-6 says so when the store failed', async () => {
    const { audited, deps } = await start()
    const authorities = { apply: () => Promise.reject(new Error('the store is down')) }
    const asked = revoke({ subject: 'alice' }, caller, { ...deps, authorities })
    await expect(asked).rejects.toThrow('the store is down')
    expect(audited().map(({ outcome }) => outcome)).toEqual(['intent', 'failed'])
  })

  it('SES-6 SES-8 ends a subject also when their sessions cannot be listed, and says that it failed', async () => {
    const { login, worthOf, audited, deps } = await start()
    const one = await login()
    const sessions = { ...deps.sessions, ofSubject: () => Promise.reject(new Error('corrupt')) }
    const asked = revoke({ subject: 'alice' }, caller, { ...deps, sessions })
    await expect(asked).rejects.toThrow('corrupt')
    expect((await worthOf(one))[1]).toBe('revoked')
    expect((await worthOf(one))[0]).not.toBe('good')
    expect(audited().map(({ outcome }) => outcome)).toEqual(['intent', 'failed'])
  })

  it('SES-6 SES-8 ends nothing until a moment when the sessions cannot be listed', async () => {
    const { login, worthOf, advanceMs, deps } = await start()
    const one = await login()
    advanceMs(2000)
    const issuedBefore = new Date(deps.now() - 1000).toISOString()
    const sessions = { ...deps.sessions, ofSubject: () => Promise.reject(new Error('corrupt')) }
    const asked = revoke({ subject: 'alice', issuedBefore }, caller, { ...deps, sessions })
    await expect(asked).rejects.toThrow('corrupt')
    expect(await worthOf(one)).toEqual(alive)
  })

  it('SES-7 a body at fault leaves none', async () => {
    const { ask, lines } = await start()
    expect(await ask({ subject: 'a', tokenId: 'b' })).toMatchObject({
      error: { code: 'malformed-request', detail: expect.stringContaining('exactly one') },
    })
    expect(lines).toEqual([])
  })
})
