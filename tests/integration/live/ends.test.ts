// The table "What ends what" of PROTOCOL.md: decided at one pair, seen at the other.

import { describe, expect, inject, it } from 'vitest'
import { admin, connections, revoke } from '../../support/admin.ts'
import { type Login, login, logout, publicUrl, request } from '../../support/http.ts'
import { hereAndThere } from '../../support/pairs.ts'
import { openSocket, type TestSocket } from '../../support/socket.ts'
import { readStack } from '../../support/stack.ts'
import { malleate, openWorkshop } from '../../support/token-workshop.ts'
import { claimsOf } from '../../support/tokens.ts'
import { addUser, changeUsers } from '../../support/users-file.ts'

const { here, there } = hereAndThere(readStack(inject('stateFolder')))

/** A socket for each way a session opens them, and one of the same user's other session. */
async function openAll(session: Login, other: Login) {
  const [byCookie, byToken, bySubprotocol, ofOther] = await Promise.all([
    openSocket(there, { cookie: session.cookie }),
    openSocket(here, { authorization: `Bearer ${session.token}`, origin: undefined }),
    openSocket(there, { token: session.token }),
    openSocket(there, { cookie: other.cookie }),
  ])
  const all = { byCookie, byToken, bySubprotocol, ofOther }
  await Promise.all(Object.values(all).map((socket) => socket.message('welcome')))
  return all
}

async function expectAlive(...sockets: readonly TestSocket[]): Promise<void> {
  for (const [index, socket] of sockets.entries()) {
    const id = `alive-${index}-${performance.now()}`
    socket.send({ type: 'subscribe', id, data: { channel: 'room:alive' } })
    await socket.message('subscribed', (message) => message.id === id)
    socket.close()
  }
}

async function codesOf(...sockets: readonly TestSocket[]): Promise<number[]> {
  const closed = await Promise.all(sockets.map((socket) => socket.closed))
  return closed.map(({ code }) => code)
}

async function refused(options: Parameters<typeof openSocket>[1]): Promise<void> {
  for (const pair of [here, there]) {
    await expect(openSocket(pair, options)).rejects.toThrow('refused with 401')
  }
}

describe('what ends what', () => {
  it('RX.1 SES-2 logout: all sockets of the session, however opened, at every node; the other session stays', async () => {
    const [session, other] = [await login(here), await login(here)]
    const { byCookie, byToken, bySubprotocol, ofOther } = await openAll(session, other)
    await logout(here, session)
    expect(await codesOf(byCookie, byToken, bySubprotocol)).toEqual([4410, 4410, 4410])
    await expectAlive(ofOther)
    await refused({ cookie: session.cookie })
    await refused({ token: session.token })
  })

  it('R1.5 SES-8 the session’s cookie alone: sockets by cookie end, tokens live on', async () => {
    const [session, other] = [await login(here), await login(here)]
    const { byCookie, byToken, bySubprotocol, ofOther } = await openAll(session, other)
    await revoke(here, { sessionId: session.sessionId, scope: 'session' })
    expect(await codesOf(byCookie)).toEqual([4410])
    await refused({ cookie: session.cookie })
    await expectAlive(byToken, bySubprotocol, ofOther)
    const again = await openSocket(there, { token: session.token })
    await expectAlive(again)
  })

  it('R1.5 SES-8 one token: what rests on it ends with 4401, the session and its other tokens live', async () => {
    const [session, other] = [await login(here), await login(here)]
    const { byCookie, byToken, bySubprotocol, ofOther } = await openAll(session, other)
    const { iss, jti } = claimsOf(session.token)
    await revoke(here, { tokenId: jti, issuer: iss })
    expect(await codesOf(byToken, bySubprotocol)).toEqual([4401, 4401])
    await expectAlive(byCookie, ofOther)
    await refused({ token: session.token })
    const renewed = await request(publicUrl(here, '/auth/session'), {
      headers: { cookie: session.cookie, 'sec-fetch-site': 'same-origin' },
    })
    const { token } = JSON.parse(renewed.body) as Login
    await expectAlive(await openSocket(there, { token }))
  })

  it('SES-1 W83 J47 no other spelling and no remembered verification of a dead token opens a socket', async () => {
    const session = await login(here)
    const socket = await openSocket(there, { token: session.token })
    await socket.message('welcome')
    await logout(here, session)
    await socket.closed
    await refused({ token: session.token })
    await refused({ token: malleate(session.token) })
    await refused({ token: openWorkshop(here, session.token).signed() })
  })

  it('SES-7 SES-8 a subject: every session, every token, every socket of theirs', async () => {
    const [near = here, far = there] = await addUser([here, there], 'carol')
    const [first, second] = [await login(near, 'carol'), await login(far, 'carol')]
    const alice = await openSocket(there, { cookie: (await login(here)).cookie })
    const sockets = Object.values(await openAll(first, second))
    const { sub } = claimsOf(first.token)
    await revoke(here, { subject: sub })
    expect(new Set(await codesOf(...sockets))).toEqual(new Set([4410]))
    await refused({ cookie: first.cookie })
    await refused({ cookie: second.cookie })
    await refused({ token: second.token })
    await expectAlive(alice)
    await expectAlive(await openSocket(there, { cookie: (await login(near, 'carol')).cookie }))
  })

  it('R1.5 W93 somebody who is disabled in the users file, or whose groups change', async () => {
    const [near = here, far = there] = await addUser([here, there], 'dave')
    const before = await login(far, 'dave')
    const socket = await openSocket(there, { token: before.token })
    await socket.message('welcome')
    const set = (members: object) =>
      changeUsers(here, (users) =>
        users.map((user) => (user.username === 'dave' ? { ...user, ...members } : user)),
      )
    set({ groups: ['visitors'] })
    expect(await codesOf(socket)).toEqual([4410])
    await refused({ cookie: before.cookie })
    const after = await login(near, 'dave')
    const again = await openSocket(there, { cookie: after.cookie })
    await again.message('welcome')
    set({ disabled: true })
    expect(await codesOf(again)).toEqual([4410])
    await refused({ token: after.token })
    await expect(login(near, 'dave')).rejects.toThrow('sign-in answered 401')
  })

  it('SES-8 tokens of an issuer that were issued before a moment end with 4401; later ones are good', async () => {
    const session = await login(here)
    const workshop = openWorkshop(here, session.token)
    const { kid: keyId } = workshop.header
    const { iss: issuer } = workshop.claims
    const old = workshop.signed({ claims: { iat: workshop.nowSeconds() - 50 } })
    const socket = await openSocket(there, { token: old })
    const fresh = await openSocket(there, { token: session.token })
    await Promise.all([socket, fresh].map((each) => each.message('welcome')))
    const issuedBefore = new Date((workshop.nowSeconds() - 40) * 1000).toISOString()
    await revoke(here, { keyId, issuer, issuedBefore })
    expect(await codesOf(socket)).toEqual([4401])
    await refused({ token: old })
    await expectAlive(fresh)
  })

  it('SES-3 W91 a token that expires ends its socket at once, idle or busy, after saying so', async () => {
    const session = await login(here)
    const workshop = openWorkshop(here, session.token)
    const exp = workshop.nowSeconds() + 3
    const token = workshop.signed({ claims: { exp } })
    const [idle, busy] = await Promise.all([
      openSocket(there, { token }),
      openSocket(here, { token }),
    ])
    const chatter = setInterval(() => {
      busy.send({ type: 'subscribe', data: { channel: 'room:busy' } })
    }, 50)
    expect((await idle.message('auth.expiring')).data).toMatchObject({ reason: 'expiry' })
    expect(await codesOf(idle, busy)).toEqual([4401, 4401])
    clearInterval(chatter)
    const lateMs = Date.now() - exp * 1000
    expect(lateMs).toBeGreaterThan(-1000)
    expect(lateMs).toBeLessThan(1500)
  })

  it('SES-7 one socket by the operator: it may come back; with revoke=session it may not', async () => {
    const session = await login(here)
    const [first, second] = await Promise.all([
      openSocket(there, { cookie: session.cookie }),
      openSocket(here, { cookie: session.cookie }),
    ])
    const [one, two] = await Promise.all([first.message('welcome'), second.message('welcome')])
    const end = (id: string, query = '') =>
      admin(here, 'DELETE', `/admin/connections/${id}${query}`)
    expect((await end(one.data.connectionId)).status).toBe(204)
    expect((await first.message('disconnect')).data).toMatchObject({
      code: 4409,
      reason: 'ended-by-operator',
    })
    expect(await codesOf(first)).toEqual([4409])
    const third = await openSocket(there, { cookie: session.cookie })
    await third.message('welcome')
    expect((await end(two.data.connectionId, '?revoke=session')).status).toBe(204)
    expect(await codesOf(second, third)).toEqual([4410, 4410])
    await refused({ cookie: session.cookie })
    expect((await end(one.data.connectionId)).status).toBe(404)
  })

  it('R1.2 SES-7 people see their devices and end one of them', async () => {
    const [laptop, phone] = [await login(here), await login(there)]
    const onPhone = await openSocket(here, { cookie: phone.cookie })
    const onLaptop = await openSocket(there, { cookie: laptop.cookie })
    await Promise.all([onPhone, onLaptop].map((socket) => socket.message('welcome')))
    const headers = { cookie: laptop.cookie, origin: here.endpoints.public }
    const list = await request(publicUrl(here, '/auth/sessions'), { headers })
    expect(JSON.parse(list.body)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ sessionId: laptop.sessionId, isCurrent: true }),
        expect.objectContaining({ sessionId: phone.sessionId, isCurrent: false }),
      ]),
    )
    const url = publicUrl(here, `/auth/sessions/${phone.sessionId}`)
    expect((await request(url, { method: 'DELETE', headers })).status).toBe(204)
    expect(await codesOf(onPhone)).toEqual([4410])
    await refused({ cookie: phone.cookie })
    const bob = await login(there, 'bob')
    const foreign = { cookie: bob.cookie, origin: here.endpoints.public }
    const laptopUrl = publicUrl(here, `/auth/sessions/${laptop.sessionId}`)
    const asBob = await request(laptopUrl, { method: 'DELETE', headers: foreign })
    expect(asBob.status).toBe(404)
    await expectAlive(onLaptop)
  })

  it('SES-7 a margin lets sockets end in order, and opens nothing new', async () => {
    const session = await login(here)
    const socket = await openSocket(there, { cookie: session.cookie })
    await socket.message('welcome')
    const startedAtMs = performance.now()
    await revoke(here, { sessionId: session.sessionId, marginMs: 1500 })
    expect((await socket.message('auth.expiring')).data).toMatchObject({
      reason: 'revoked-with-margin',
    })
    await refused({ cookie: session.cookie })
    const { code, atMs } = await socket.closed
    expect(code).toBe(4410)
    expect(atMs - startedAtMs).toBeGreaterThan(1300)
    expect(atMs - startedAtMs).toBeLessThan(3500)
  })

  it('SES-7 RX.1 the operator sees who is connected at every node', async () => {
    const session = await login(here)
    const sockets = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        openSocket(index % 2 ? here : there, { cookie: session.cookie }),
      ),
    )
    const welcomes = await Promise.all(sockets.map((socket) => socket.message('welcome')))
    const { nodes, connections: listed } = await connections(
      there,
      `?sessionId=${session.sessionId}`,
    )
    expect(nodes.every(({ answered }) => answered)).toBe(true)
    expect(nodes).toHaveLength(new Set(here.endpoints.replicas).size)
    expect(listed.map(({ connectionId }) => connectionId).sort()).toEqual(
      welcomes.map(({ data }) => data.connectionId).sort(),
    )
    expect(listed[0]).toMatchObject({
      username: 'alice',
      way: 'session-cookie',
      route: 'websocket',
    })
    await expectAlive(...sockets)
  })
})
