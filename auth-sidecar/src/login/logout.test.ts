import type { AuthorityEvent } from '@sallyport/contracts/authority-event'
import { createLog } from '@sallyport/service-kit/log'
import { describe, expect, it } from 'vitest'
import { createMetrics } from '../metrics.ts'
import { createDomainFixture } from '../testing/domain-fixture.ts'
import { logout } from './logout.ts'

async function setUp() {
  const fixture = await createDomainFixture()
  const ended: string[] = []
  const deps = {
    authorities: fixture.authorities,
    sessions: fixture.sessions,
    feed: {
      publish: (event: AuthorityEvent) =>
        void ended.push(event.type === 'session-ended' ? event.sessionId : event.type),
    },
    currentAuthority: fixture.deps.currentAuthority,
    cookies: { name: 'sessionId', secure: false, lifeMs: 86_400_000 },
    log: createLog('test', 'error', { write: () => {} }),
    metrics: createMetrics(),
  }
  const request = (secret?: string, token?: string, authorization?: string) => ({
    body: undefined,
    cookieHeader: secret && `sessionId=${secret}`,
    authorization: authorization ?? (token && `Bearer ${token}`),
    clientAddress: '127.0.0.1',
  })
  return {
    fixture,
    ended,
    logout: (secret?: string, token?: string) => logout(request(secret, token), deps),
    logoutWith: (secret: string | undefined, authorization: string) =>
      logout(request(secret, undefined, authorization), deps),
  }
}

describe('logout', () => {
  it('SES-1 ends the session of a good cookie although the token beside it has expired', async () => {
    const { fixture, ended, logout: out } = await setUp()
    const { secret, token, session } = await fixture.login()
    fixture.advanceMs(600_001)
    await out(secret, token)
    expect(ended).toEqual([session.sessionId])
  })

  it('SES-1 ends the session of a good token although the cookie beside it is unknown', async () => {
    const { fixture, ended, logout: out } = await setUp()
    const { token, session } = await fixture.login()
    await out('A'.repeat(43), token)
    expect(ended).toEqual([session.sessionId])
  })

  it('SES-1 ends the session of a good cookie whatever else stands in Authorization', async () => {
    const { fixture, ended, logoutWith } = await setUp()
    for (const authorization of ['Basic abc', 'Bearer', 'Bearer a b', '']) {
      const { secret, session } = await fixture.login()
      await logoutWith(secret, authorization)
      expect(ended.at(-1)).toBe(session.sessionId)
    }
    const refused = await logoutWith(undefined, 'Basic abc')
    expect(refused).toMatchObject({ outcome: { error: { code: 'invalid-credential' } } })
  })

  it('SES-1 ends both sessions where both are good, and one that both name only once', async () => {
    const { fixture, ended, logout: out } = await setUp()
    const [first, second] = [await fixture.login(), await fixture.login('bob')]
    await out(first.secret, second.token)
    expect(ended.toSorted()).toEqual([first.session.sessionId, second.session.sessionId].toSorted())
    const third = await fixture.login()
    await out(third.secret, third.token)
    expect(ended.filter((id) => id === third.session.sessionId)).toHaveLength(1)
  })

  it('R1.1 clears the cookies of whoever had nothing to end', async () => {
    const { ended, logout: out } = await setUp()
    const answer = await out()
    expect(answer).toMatchObject({ outcome: { ok: true } })
    expect(answer.setCookies).toHaveLength(2)
    expect(ended).toEqual([])
  })
})
