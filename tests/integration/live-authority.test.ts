import { describe, expect, inject, it } from 'vitest'
import { maskedText } from '../support/frames.ts'
import { login, logout, metric, publicUrl, request } from '../support/http.ts'
import { rawUpgrade } from '../support/raw-upgrade.ts'
import { openSocket } from '../support/socket.ts'
import { readStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const stack = readStack(inject('stateFolder'))
const backend = stack.endpoints.services['ws-backend'].management

describe('logging out ends what the session opened', () => {
  it('RX.1 R4.7 closes every socket of the session with 4410, however it was opened, and refuses new ones', async () => {
    const alice = await login(stack)
    const sockets = await Promise.all([
      openSocket(stack, { cookie: alice.cookie }),
      openSocket(stack, { token: alice.token }),
      openSocket(stack, { authorization: `Bearer ${alice.token}`, origin: undefined }),
    ])
    await Promise.all(sockets.map((socket) => socket.message('welcome')))
    expect((await logout(stack, alice)).status).toBe(204)
    for (const socket of sockets) {
      const advice = await socket.message('disconnect')
      expect(advice.data).toMatchObject({ code: 4410, reason: 'session-revoked', reconnect: false })
      expect(await socket.closed).toMatchObject({ code: 4410, reason: 'session-revoked' })
    }
    await expect(openSocket(stack, { cookie: alice.cookie })).rejects.toThrow('refused with 401')
    await expect(openSocket(stack, { token: alice.token })).rejects.toThrow('refused with 401')
  })

  it('RX.1 leaves another session of the same user and other users alone', async () => {
    const [here, there, bob] = await Promise.all([login(stack), login(stack), login(stack, 'bob')])
    const [ended, ...others] = await Promise.all(
      [here, there, bob].map(({ cookie }) => openSocket(stack, { cookie })),
    )
    await Promise.all(others.map((socket) => socket.message('welcome')))
    await logout(stack, here)
    expect((await ended?.closed)?.code).toBe(4410)
    for (const [index, socket] of others.entries()) {
      socket.send({ type: 'subscribe', id: `${index}`, data: { channel: 'room:untouched' } })
      expect(await socket.message('subscribed')).toMatchObject({ id: `${index}` })
      socket.close()
    }
  })

  it('RX.1 W87 cuts a client that ignores the close frame and floods, and handles none of its messages', async () => {
    const [alice, bob] = await Promise.all([login(stack), login(stack, 'bob')])
    const listener = await openSocket(stack, { cookie: bob.cookie })
    listener.send({ type: 'subscribe', id: 's', data: { channel: 'room:flood' } })
    await listener.message('subscribed')

    const { status, socket: hostile } = await rawUpgrade(stack, {
      headers: [['Cookie', alice.cookie]],
    })
    expect(status).toBe(101)
    const gone = new Promise<number>((resolve) => {
      hostile.once('close', () => resolve(performance.now()))
    })
    hostile.on('error', () => {})
    hostile.resume()
    const say = (text: string) =>
      hostile.write(
        maskedText(
          JSON.stringify({ type: 'publish', data: { channel: 'room:flood', data: { text } } }),
        ),
      )
    say('before')
    await listener.message('event', ({ data }) => data.data['text'] === 'before')

    await logout(stack, alice)
    const endedAtMs = performance.now()
    const flood = setInterval(() => hostile.writable && say('after'), 5)
    const goneAtMs = await gone
    clearInterval(flood)
    expect(goneAtMs - endedAtMs).toBeLessThan(3000) // one second of grace, and room for a busy machine
    listener.send({
      type: 'publish',
      id: 'p',
      data: { channel: 'room:flood', data: { text: 'last' } },
    })
    await listener.message('event', ({ data }) => data.data['text'] === 'last')
    const texts = listener.messages.flatMap((each) =>
      each.type === 'event' ? [each.data.data['text']] : [],
    )
    expect(texts).toEqual(['before', 'last'])
    listener.close()
  })

  it('RX.1 sends a room nothing more once its listener was logged out', async () => {
    const [alice, bob] = await Promise.all([login(stack), login(stack, 'bob')])
    const [hers, his] = await Promise.all([
      openSocket(stack, { cookie: alice.cookie }),
      openSocket(stack, { cookie: bob.cookie }),
    ])
    for (const socket of [hers, his]) {
      socket.send({ type: 'subscribe', id: 's', data: { channel: 'room:after' } })
      await socket.message('subscribed')
    }
    await logout(stack, alice)
    await hers.closed
    his.send({
      type: 'publish',
      id: 'p',
      data: { channel: 'room:after', data: { text: 'secret' } },
    })
    await his.message('ack', ({ id }) => id === 'p')
    expect(JSON.stringify(hers.messages)).not.toContain('secret')
    his.close()
  })

  it('COO-6 ends the earlier session of a browser that signs in again', async () => {
    const alice = await login(stack)
    const socket = await openSocket(stack, { cookie: alice.cookie })
    const again = await request(publicUrl(stack, '/auth/login'), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: stack.endpoints.public,
        cookie: alice.cookie,
      },
      body: JSON.stringify(stack.credentials.users.find(({ username }) => username === 'bob')),
    })
    expect(again.status).toBe(200)
    expect((await socket.closed).code).toBe(4410)
  })

  it('W82 cannot be done by a foreign page, nor with a cookie from nowhere', async () => {
    const alice = await login(stack)
    const url = publicUrl(stack, '/auth/logout')
    const { cookie } = alice
    for (const headers of [{ cookie, origin: 'https://evil.example' }, { cookie }]) {
      expect((await request(url, { method: 'POST', headers })).status).toBe(403)
    }
    expect((await request(url, { headers: { cookie } })).status).toBe(405)
    const socket = await openSocket(stack, { cookie })
    await socket.message('welcome')
    socket.close()
  })

  it('R1.1 says 204 to whoever has nothing to log out of', async () => {
    const answer = await request(publicUrl(stack, '/auth/logout'), {
      method: 'POST',
      headers: { origin: stack.endpoints.public },
    })
    expect(answer.status).toBe(204)
  })
})

describe('messages', () => {
  it('R1.4 carries a message from one user to another without a reload', async () => {
    const [alice, bob] = await Promise.all([login(stack), login(stack, 'bob')])
    const [hers, his] = await Promise.all([
      openSocket(stack, { token: alice.token }),
      openSocket(stack, { token: bob.token }),
    ])
    for (const socket of [hers, his]) {
      socket.send({ type: 'subscribe', id: 's', data: { channel: 'room:talk' } })
      await socket.message('subscribed')
    }
    hers.send({ type: 'publish', id: 'p', data: { channel: 'room:talk', data: { text: 'hello' } } })
    const event = await his.message('event')
    expect(event.data).toMatchObject({
      channel: 'room:talk',
      data: { text: 'hello' },
      from: { userId: 'alice', username: 'alice' },
    })
    hers.close()
    his.close()
  })

  it('R1.4 lets nobody listen to what the server tells another user', async () => {
    const alice = await login(stack)
    const socket = await openSocket(stack, { token: alice.token })
    socket.send({ type: 'subscribe', id: '1', data: { channel: 'user:bob' } })
    expect(await socket.message('error')).toMatchObject({ id: '1' })
    socket.close()
  })

  it('RX.11 ends a socket that sends a message beyond the bound with 1009', async () => {
    const alice = await login(stack)
    const socket = await openSocket(stack, { token: alice.token })
    const { data } = await socket.message('welcome')
    socket.send({ type: 'x', data: { text: 'x'.repeat(data.limits.maxMessageBytes) } })
    expect((await socket.closed).code).toBe(1009)
  })

  it('R0.13 counts what is open, and forgets what is closed', async () => {
    const alice = await login(stack)
    const accepted = await metric(backend, 'sallyport_sockets_accepted_total')
    const closed = await metric(backend, 'sallyport_sockets_closed_total')
    const socket = await openSocket(stack, { token: alice.token })
    await socket.message('welcome')
    expect(await metric(backend, 'sallyport_sockets_accepted_total')).toBeGreaterThan(accepted)
    expect(await metric(backend, 'sallyport_sockets_open')).toBeGreaterThan(0)
    socket.close()
    await until('the close to be counted', async () => {
      const now = await metric(backend, 'sallyport_sockets_closed_total')
      return now > closed
    })
  })
})
