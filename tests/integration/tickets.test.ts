import { describe, expect, inject, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Answer, type Login, login, logout, publicUrl, request } from '../support/http.ts'
import { rawUpgrade } from '../support/raw-upgrade.ts'
import { freshAddress } from '../support/source-address.ts'
import { readStack } from '../support/stack.ts'

const stack = readStack(inject('stateFolder'))
const { public: ours, publicAlternates } = stack.endpoints

type TicketAnswer = { ticket: string; expiresInMs: number; protocol: string }

function ask(headers: Record<string, string>, body?: string): Promise<Answer> {
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  return request(publicUrl(stack, '/auth/ticket'), {
    method: 'POST',
    headers: { origin: ours, ...json, ...headers },
    ...(body !== undefined && { body }),
  })
}

async function ticketOf({ cookie }: Pick<Login, 'cookie'>): Promise<TicketAnswer> {
  const answer = await ask({ cookie })
  expect(answer.status).toBe(200)
  return JSON.parse(answer.body) as TicketAnswer
}

type Presented = { origin?: string; cookie?: string; authorization?: string; target?: string }

/** One handshake with a ticket; its status, and what was selected. */
async function present({ protocol }: TicketAnswer, changes: Presented = {}) {
  const { origin = ours, cookie, authorization, target = '/ws' } = changes
  const { status, headers, socket, body } = await rawUpgrade(stack, {
    target,
    without: ['Origin'],
    headers: [
      ['Origin', origin],
      ['Sec-WebSocket-Protocol', `sallyport.v1, ${protocol}`],
      ...(cookie ? ([['Cookie', cookie]] as const) : []),
      ...(authorization ? ([['Authorization', authorization]] as const) : []),
    ],
  })
  socket.destroy()
  return { status, selected: headers['sec-websocket-protocol'], body, headers }
}

describe('asking for a ticket', () => {
  it('TKT-1 gives one to a live session, by cookie or token, and nobody keeps the answer', async () => {
    const alice = await login(stack)
    for (const headers of [{ cookie: alice.cookie }, { authorization: `Bearer ${alice.token}` }]) {
      const answer = await ask(headers as Record<string, string>)
      expect(answer.status).toBe(200)
      expect(answer.headers['cache-control']).toBe('no-store')
      const { ticket, expiresInMs, protocol } = JSON.parse(answer.body) as TicketAnswer
      expect(ticket).toMatch(/^[\w-]{43}$/)
      expect(expiresInMs).toBe(30_000)
      expect(protocol).toBe(`ticket.${ticket}`)
    }
  })

  it('TKT-1 gives none without a session, for two sessions, or after a logout', async () => {
    const [alice, bob] = await Promise.all([login(stack), login(stack, 'bob')])
    const nothing = await ask({})
    expect(nothing.status).toBe(401)
    expect(JSON.parse(nothing.body)).toMatchObject({
      code: 'authentication-required',
      accepts: ['session-cookie', 'authorization'],
    })
    const both = { cookie: alice.cookie, authorization: `Bearer ${bob.token}` }
    expect((await ask(both)).status).toBe(400)
    await logout(stack, alice)
    expect((await ask({ cookie: alice.cookie })).status).toBe(401)
    expect((await ask({ authorization: `Bearer ${alice.token}` })).status).toBe(401)
  })

  it('TKT-3 gives none for a route that is not there, or in another form', async () => {
    const { cookie } = await login(stack)
    expect((await ask({ cookie }, '{"route":"nowhere"}')).status).toBe(404)
    expect((await ask({ cookie }, '{"route":7}')).status).toBe(400)
    expect((await ask({ cookie }, '{"path":"/ws"}')).status).toBe(400)
    expect((await ask({ cookie }, '{"route":"websocket"}')).status).toBe(200)
  })
})

describe('presenting a ticket', () => {
  it('TKT-2 W84 opens one socket without any other credential, and never a second', async () => {
    const ticket = await ticketOf(await login(stack))
    const first = await present(ticket)
    expect([first.status, first.selected]).toEqual([101, 'sallyport.v1'])
    expect(JSON.stringify(first.headers)).not.toContain(ticket.ticket)
    const again = await present(ticket)
    expect(again.status).toBe(401)
    expect(again.body).not.toContain(ticket.ticket)
  })

  it('TKT-2 W84 has one winner among forty at once, through the real chain', async () => {
    for (let round = 0; round < 3; round += 1) {
      const ticket = await ticketOf(await login(stack))
      const answers = await Promise.all(Array.from({ length: 40 }, () => present(ticket)))
      const statuses = answers.map(({ status }) => status)
      expect(statuses.filter((status) => status === 101)).toHaveLength(1)
      expect(statuses.filter((status) => status === 401)).toHaveLength(39)
    }
  })

  it.each<[string, number, (other: Login) => Presented]>([
    ['of another origin', 401, () => ({ origin: publicAlternates[0] ?? '' })],
    ['of a foreign origin', 403, () => ({ origin: 'http://evil.example' })],
    ['beside somebody else’s cookie', 400, ({ cookie }) => ({ cookie })],
    ['beside another token', 400, ({ token }) => ({ authorization: `Bearer ${token}` })],
  ])('TKT-3 TKT-5 W85 is burnt by a handshake %s', async (_name, status, changes) => {
    const ticket = await ticketOf(await login(stack))
    const bob = await login(stack, 'bob')
    const refused = await present(ticket, changes(bob))
    expect(refused.status).toBe(status)
    const again = await present(ticket)
    expect(again.status).toBe(401)
    const made = await present({ ...ticket, protocol: `ticket.${'A'.repeat(43)}` })
    // Nothing tells a burnt one from one that never was.
    const outside = ({ body }: { body: string }) => ({
      ...(JSON.parse(body) as object),
      requestId: '',
    })
    expect(outside(again)).toEqual(outside(made))
  })

  it('TKT-4 W83 is nothing after its session’s logout', async () => {
    const alice = await login(stack)
    const ticket = await ticketOf(alice)
    await logout(stack, alice)
    expect((await present(ticket)).status).toBe(401)
  })

  it('AUT-15 is nothing in the query, where that is not switched on', async () => {
    const ticket = await ticketOf(await login(stack))
    const { status, socket } = await rawUpgrade(stack, { target: `/ws?ticket=${ticket.ticket}` })
    socket.destroy()
    expect([400, 401]).toContain(status)
  })

  it('W52 stands in no Referer: no page or refusal lets its address out, no page loads from elsewhere', async () => {
    const ticket = await ticketOf(await login(stack))
    const page = await request(publicUrl(stack, `/?ticket=${ticket.ticket}`), {
      headers: { accept: 'text/html' },
    })
    const refused = await present(ticket, { target: `/ws?ticket=${ticket.ticket}` })
    expect([page.status, refused.status]).toEqual([200, 400])
    for (const { headers, body } of [page, refused]) {
      expect(headers['referrer-policy']).toBe('no-referrer')
      expect(headers['content-security-policy']).toMatch(/(?:^|; )default-src 'self'(?:;|$)/)
      expect(body).not.toContain(ticket.ticket)
    }
    const used = await present(ticket)
    const found = await present(ticket)
    expect([used.status, found.status]).toEqual([101, 401])
  })

  it('TKT-6 opens a socket that lives no longer than the token it was asked for with', async () => {
    const alice = await login(stack)
    const answer = await ask({ authorization: `Bearer ${alice.token}` })
    const { protocol } = JSON.parse(answer.body) as TicketAnswer
    const socket = new WebSocket(
      publicUrl(stack, '/ws').replace('http', 'ws'),
      ['sallyport.v1', protocol],
      {
        localAddress: freshAddress(),
        origin: ours,
      },
    )
    const welcome = await new Promise<string>((resolve, reject) => {
      socket.once('error', reject)
      socket.once('message', (data: Buffer) => resolve(data.toString()))
    })
    const { type, data } = JSON.parse(welcome) as { type: string; data: Record<string, unknown> }
    expect([type, data['sessionId']]).toEqual(['welcome', alice.sessionId])
    expect(data['ttlMs']).toBeLessThanOrEqual(alice.expiresInMs)
    socket.close()
  })
})
