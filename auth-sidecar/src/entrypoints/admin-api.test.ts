import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { adminTokenOf, createAdminFixture, socketOf } from '../admin/testing/admin-fixture.ts'
import { type AdminApiDeps, createAdminApi } from './admin-api.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

type Headers = Readonly<Record<string, string | string[] | undefined>>
type Asked = { readonly body?: unknown; readonly headers?: Headers }

async function start(changes: Partial<AdminApiDeps> = {}) {
  const fixture = await createAdminFixture()
  const reader = adminTokenOf('reader', ['connections:read'])
  const ender = adminTokenOf('ender', ['connections:end'])
  const tokens = () => [fixture.operator.token, reader.token, ender.token]
  const server = createServer(createAdminApi({ ...fixture.deps, tokens, ...changes }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close(), fixture.close)

  /** With the operator's token unless a header says otherwise; undefined leaves one out. */
  async function ask(method: string, path: string, { body, headers = {} }: Asked = {}) {
    const { port } = server.address() as AddressInfo
    const outgoing = httpRequest({ port, path, method, agent: false })
    const sent: Headers = {
      'x-forwarded-for': '203.0.113.9',
      authorization: `Bearer ${fixture.operator.secret}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    }
    for (const [name, value] of Object.entries(sent)) {
      if (value !== undefined) outgoing.setHeader(name, value)
    }
    outgoing.end(typeof body === 'object' ? JSON.stringify(body) : body)
    const [response] = await once(outgoing, 'response')
    let text = ''
    for await (const chunk of response) text += chunk
    const isJson = `${response.headers['content-type']}`.includes('json')
    return {
      status: response.statusCode as number,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    }
  }
  const as = (who: { readonly secret: string }) => ({ authorization: `Bearer ${who.secret}` })
  return { ...fixture, ask, as, reader, ender }
}

describe('who may operate', () => {
  it.each<[string, Headers]>([
    ['nothing', { authorization: undefined }],
    ['an unknown token', { authorization: `Bearer ${adminTokenOf('x', ['revoke']).secret}` }],
    ['another scheme', { authorization: 'Basic b3BlcmF0b3I6eA==' }],
    ['no token', { authorization: 'Bearer ' }],
    ['a cookie', { authorization: undefined, cookie: 'sessionId=x; token=x' }],
  ])('SES-7 nobody who brings %s', async (_name, headers) => {
    const { ask } = await start()
    for (const path of ['/admin/connections', '/admin/nothing', '/admin']) {
      const { status, body, headers: told } = await ask('GET', path, { headers })
      expect(status).toBe(401)
      expect(told['content-type']).toBe('application/problem+json')
      expect(told['www-authenticate']).toBe('Bearer')
      expect(body.code).toMatch(/authentication-required|invalid-credential/)
    }
  })

  it('SES-7 not a user of the gate: neither session nor token of theirs is anything here', async () => {
    const { ask, login } = await start()
    const { token, secret } = await login()
    const cookie = `sessionId=${secret}`
    const headers = { authorization: `Bearer ${token}`, cookie }
    expect((await ask('GET', '/admin/connections', { headers })).status).toBe(401)
  })

  it('SES-7 each token only what its scopes name, and it is told which is missing', async () => {
    const { ask, as, reader, ender, addNode, audited } = await start()
    addNode('a', [socketOf('c1')])
    const may = async (who: { secret: string }, method: string, path: string, body?: object) => {
      const answer = await ask(method, path, { headers: as(who), ...(body && { body }) })
      return answer.status === 403 ? answer.body.detail.replace(/.* with /, '') : answer.status
    }
    const revocation = { subject: 'alice' }
    expect([
      await may(reader, 'GET', '/admin/connections'),
      await may(reader, 'GET', '/admin/sessions?subject=alice'),
      await may(reader, 'POST', '/admin/revocations', revocation),
      await may(reader, 'DELETE', '/admin/sessions/s1'),
      await may(reader, 'DELETE', '/admin/connections/c1'),
      await may(ender, 'GET', '/admin/connections'),
      await may(ender, 'DELETE', '/admin/connections/c1?revoke=session'),
      await may(ender, 'DELETE', '/admin/connections/c1'),
    ]).toEqual([
      200,
      200,
      'revoke',
      'revoke',
      'connections:end',
      'connections:read',
      'connections:end and revoke',
      204,
    ])
    expect(audited()).toContainEqual(
      expect.objectContaining({
        who: 'reader',
        action: 'ask',
        target: { method: 'POST', path: '/admin/revocations' },
        outcome: 'not-allowed',
      }),
    )
  })

  it('R4.4 SES-7 who guesses is told ten times a minute that it is wrong, and then to wait', async () => {
    const { ask, advanceMs, lines } = await start()
    const bad = { headers: { authorization: 'Bearer nonsense' } }
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const { status, body } = await ask('GET', '/admin/connections', bad)
      expect([status, body.detail]).toEqual([401, 'This admin token is not known or has expired'])
    }
    const refused = await ask('GET', '/admin/connections', bad)
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '60'])
    advanceMs(60_000)
    expect((await ask('GET', '/admin/connections', bad)).status).toBe(401)
    expect(lines.filter((line) => line.includes('operator not known'))).toHaveLength(11)
    expect(lines.join('')).not.toContain('nonsense')
  })

  it('R4.4 SES-7 nobody can lock the operator out, however often they are wrong', async () => {
    const { ask } = await start()
    const wrong: readonly Headers[] = [
      { authorization: undefined, 'sec-fetch-site': 'cross-site' },
      { authorization: undefined },
      { authorization: 'Bearer nonsense' },
    ]
    const statuses = async (headers: Headers) => {
      const asked = Array.from({ length: 12 }, () => ask('GET', '/admin/connections', { headers }))
      return new Set((await Promise.all(asked)).map(({ status }) => status))
    }
    expect(await statuses(wrong[0] ?? {})).toEqual(new Set([403]))
    expect(await statuses(wrong[1] ?? {})).toEqual(new Set([401]))
    expect(await statuses(wrong[2] ?? {})).toEqual(new Set([401, 429]))
    expect((await ask('GET', '/admin/connections')).status).toBe(200)
  })

  it('SES-7 no page that does not name itself, and nobody’s failure is counted for it', async () => {
    const { ask } = await start()
    for (const site of ['cross-site', 'same-site', 'same-origin', 'None', '', 'none, none']) {
      const headers = { 'sec-fetch-site': site, authorization: 'Bearer nonsense' }
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const { status, body } = await ask('GET', '/admin/connections', { headers })
        expect([site, status, body.code]).toEqual([site, 403, 'origin-not-allowed'])
      }
    }
    const bad = { headers: { authorization: 'Bearer nonsense' } }
    expect((await ask('GET', '/admin/connections', bad)).status).toBe(401)
    const typed = { headers: { 'sec-fetch-site': 'none' } }
    expect((await ask('GET', '/admin/connections', typed)).status).toBe(200)
  })

  it('SES-7 no page of a browser, whatever it brings', async () => {
    const { ask, login, domain } = await start()
    const { token } = await login()
    for (const origin of ['https://app.example.com', 'http://127.0.0.1:8090', 'null']) {
      const headers = { origin, host: 'rebound.example' }
      const body = { subject: 'alice' }
      const { status } = await ask('POST', '/admin/revocations', { body, headers })
      expect(status).toBe(403)
    }
    expect((await domain.currentAuthority.byToken(token)).ok).toBe(true)
  })

  it.each<[string, Headers]>([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a text', { 'content-type': 'text/plain' }],
    ['an unnamed body', { 'content-type': undefined }],
    ['two tokens', { authorization: ['Bearer a', 'Bearer b'] }],
    ['two proxies where none is trusted', { 'x-forwarded-for': '203.0.113.9, 10.0.0.1' }],
    ['no address', { 'x-forwarded-for': undefined }],
  ])('W14 ORG-7 refuses %s', async (_name, headers) => {
    const { ask } = await start()
    const body = '{"subject":"alice"}'
    const { status } = await ask('POST', '/admin/revocations', { body, headers })
    expect(status).toBe(400)
  })
})

describe('what operators may do', () => {
  it('SES-7 SES-8 revoke', async () => {
    const { ask, login, domain, operator, audited } = await start()
    const { session, token } = await login()
    const { sessionId } = session
    const answer = await ask('POST', '/admin/revocations', { body: { sessionId } })
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({ id: expect.any(String), effectiveAt: expect.any(String) })
    expect(await domain.currentAuthority.byToken(token)).toMatchObject({ error: 'revoked' })
    const [intent] = audited()
    expect(intent).toMatchObject({
      who: 'operator',
      clientAddress: '203.0.113.9',
      target: { id: answer.body.id },
    })
    expect(JSON.stringify(audited())).not.toContain(operator.secret)
  })

  it.each([
    ['nothing', undefined],
    ['no JSON', '{'],
    ['a bare word', 'null'],
    ['a faulty body', '{"subject":5,"marginMs":-1}'],
    ['a body beyond its bound', JSON.stringify({ subject: 'a'.repeat(9000) })],
  ])('J25 SES-8 not revoke by %s', async (_name, body) => {
    const { ask } = await start()
    const { status, body: told } = await ask('POST', '/admin/revocations', { body })
    expect([status, told.code]).toEqual([400, 'malformed-request'])
    expect((await ask('POST', '/admin/revocations?force', { body: {} })).status).toBe(400)
  })

  it.each([
    ['no JSON', '{"subject":', 'The body is not JSON'],
    ['a name twice', '{"subject":"alice","subject":"bob"}', 'The body has a name twice'],
    ['a name twice in two spellings', '{"subject":"a","\\u0073ubject":"b"}', 'name twice'],
  ])('J25 SES-8 not revoke by a body with %s, and they are told why', async (_name, body, why) => {
    const { ask, login, domain } = await start()
    const { token } = await login()
    const { status, body: told } = await ask('POST', '/admin/revocations', { body })
    expect([status, told.code]).toEqual([400, 'malformed-request'])
    expect(told.detail).toContain(why)
    expect((await domain.currentAuthority.byToken(token)).ok).toBe(true)
  })

  it('SES-7 see who is connected, where, and not more than they ask for', async () => {
    const { ask, addNode } = await start()
    addNode('a', [socketOf('c1'), socketOf('c2', { subject: 'bob' })])
    const all = await ask('GET', '/admin/connections')
    expect(all.body.nodes).toEqual([{ node: 'a', total: 2, answered: true }])
    expect(all.body.connections[0]).toEqual({ node: 'a', ...socketOf('c1') })
    const bobs = await ask('GET', '/admin/connections?subject=bob')
    expect(bobs.body.connections).toMatchObject([{ connectionId: 'c2' }])
    expect((await ask('GET', '/admin/connections?limit=1')).body.connections).toHaveLength(1)
    const { status, body } = await ask(
      'GET',
      '/admin/connections?limit=0&subjct=bob&sessionId=a%20b',
    )
    expect([status, body.detail]).toEqual([
      400,
      'sessionId: given twice, or of another form; limit: given twice, or of another form; ' +
        'there is only subject, sessionId, limit',
    ])
  })

  it('SES-7 end one socket, its credential stays good', async () => {
    const { ask, addNode } = await start()
    const [one, other] = [addNode('a', [socketOf('c1')]), addNode('b', [])]
    expect((await ask('DELETE', '/admin/connections/c1')).status).toBe(204)
    const told = { type: 'connection-ended', connectionId: 'c1', sequence: 1 }
    expect(one.heard.at(-1)).toEqual(told)
    expect(other.heard.at(-1)).toEqual(told)
  })

  it('SES-7 end one socket and its session, whichever issuer it is of', async () => {
    const { ask, addNode, login, domain, audited } = await start()
    const { session, secret } = await login()
    const foreign = { issuer: 'https://id.example.org', sessionId: 'xForeign', subject: 'eve' }
    const { sessionId } = session
    const { heard } = addNode('a', [socketOf('c1', { sessionId }), socketOf('c2', foreign)])
    for (const id of ['c1', 'c2']) {
      expect((await ask('DELETE', `/admin/connections/${id}?revoke=session`)).status).toBe(204)
    }
    const ends = heard.filter(({ type }) => type === 'session-ended')
    expect(ends).toMatchObject([
      { sessionId, subject: 'alice', scope: 'everything' },
      { sessionId: 'xForeign', subject: 'eve', scope: 'everything' },
    ])
    expect((await domain.currentAuthority.bySession(secret)).ok).toBe(false)
    const records = audited().filter((each) => JSON.stringify(each.target).includes('"c2"'))
    expect(records.map(({ outcome, target }) => [outcome, target])).toEqual([
      ['intent', { connectionId: 'c2' }],
      ['intent', { connectionId: 'c2', ...foreign }],
      ['done', { connectionId: 'c2', ...foreign }],
    ])
  })

  it('SES-7 are told when no node has a socket, and when not every node could say', async () => {
    const { ask, addNode, feed, audited } = await start()
    addNode('a', [socketOf('c1')])
    for (const path of ['none', 'a%20b', '%00']) {
      const { status, body } = await ask('DELETE', `/admin/connections/${path}`)
      expect([status, body.detail]).toEqual([404, 'No node has this connection'])
    }
    expect((await ask('DELETE', '/admin/connections/c1?revoke=sesion')).status).toBe(400)
    feed.attach(undefined, { node: 'frozen', read: () => {}, lost: () => {} })
    const silent = await ask('DELETE', '/admin/connections/none')
    expect([silent.status, silent.body.code]).toEqual([503, 'unavailable'])
    expect(audited().at(-1)).toMatchObject({ action: 'end-connection', outcome: 'unavailable' })
    expect((await ask('DELETE', '/admin/connections/c1')).status).toBe(204)
  })

  it('SES-7 R1.2 see a subject’s sessions, and end one', async () => {
    const { ask, login, domain } = await start()
    const [one, two] = [await login(), await login()]
    const cookieOnly = { sessionId: two.session.sessionId, scope: 'session' }
    await ask('POST', '/admin/revocations', { body: cookieOnly })
    const listed = await ask('GET', '/admin/sessions?subject=alice')
    const { sessionId, device } = one.session
    expect(listed.body.sessions).toMatchObject([
      { sessionId, device, subject: 'alice', isCookieEnded: false },
      { sessionId: two.session.sessionId, isCookieEnded: true },
    ])
    expect(JSON.stringify(listed.body)).not.toContain(one.session.secretHash)
    expect((await ask('GET', '/admin/sessions')).status).toBe(400)
    expect((await ask('DELETE', `/admin/sessions/${sessionId}`)).status).toBe(204)
    expect((await ask('DELETE', '/admin/sessions/unknown')).status).toBe(204)
    expect((await domain.currentAuthority.byToken(one.token)).ok).toBe(false)
    const left = await ask('GET', '/admin/sessions?subject=alice')
    expect(left.body.sessions).toHaveLength(1)
  })

  it('ERR-1 SES-6 nothing while it cannot be recorded, or the store is down', async () => {
    const down = () => Promise.reject(new Error('down'))
    for (const changes of [
      { audit: { record: down } },
      { authorities: { apply: down, current: down } },
    ]) {
      const { ask, login, domain } = await start(changes)
      const { token } = await login()
      const answer = await ask('POST', '/admin/revocations', { body: { subject: 'alice' } })
      expect([answer.status, answer.body.code]).toEqual([503, 'unavailable'])
      expect((await domain.currentAuthority.byToken(token)).ok).toBe(true)
    }
  })
})

describe('addresses and methods', () => {
  it('SES-7 there are these and no others', async () => {
    const { ask } = await start()
    const allowed = async (method: string, path: string) => {
      const { status, headers, body } = await ask(method, path)
      expect([status, body.code]).toEqual([405, 'method-not-allowed'])
      return headers.allow
    }
    expect([
      await allowed('GET', '/admin/revocations'),
      await allowed('POST', '/admin/connections'),
      await allowed('GET', '/admin/connections/c1'),
      await allowed('OPTIONS', '/admin/sessions'),
      await allowed('PUT', '/admin/sessions/s1'),
      await allowed('POST', '/ready'),
    ]).toEqual(['POST', 'GET, HEAD', 'DELETE', 'GET, HEAD', 'DELETE', 'GET, HEAD'])
    for (const path of [
      '/admin',
      '/admin/',
      '/admin/connections/',
      '/Admin/connections',
      '/',
      '/admin/sessions/a/b',
    ]) {
      const { status, body } = await ask('GET', path)
      expect([path, status, body.code]).toEqual([path, 404, 'not-found'])
    }
    expect((await ask('DELETE', '/admin/sessions/%ZZ')).status).toBe(400)
  })

  it('W95 /ready is for anybody, and says no more than whether', async () => {
    const { ask } = await start()
    const anybody = { headers: { authorization: undefined } }
    const ready = await ask('GET', '/ready', anybody)
    expect([ready.status, ready.body]).toEqual([200, { ready: true }])
    const broken = await start({ isReady: () => false })
    const unready = await broken.ask('GET', '/ready', anybody)
    expect([unready.status, unready.body]).toEqual([503, { ready: false }])
    expect(unready.headers['cache-control']).toBe('no-store')
    expect((await broken.ask('HEAD', '/ready', anybody)).status).toBe(503)
  })
})
