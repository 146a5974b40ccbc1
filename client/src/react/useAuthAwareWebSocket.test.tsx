// @vitest-environment happy-dom
// The socket's tie to the session, in StrictMode, over sockets whose server is the test.

import { err, ok } from '@sallyport/contracts/result'
import { act, cleanup, render } from '@testing-library/react'
import { StrictMode } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import { createGatewayClient } from '../gateway-client/client.ts'
import { answerFor, createFakeSession } from '../testing/fake-session.ts'
import {
  createFakeClock,
  createFakeSockets,
  settle,
  welcome,
} from '../testing/fake-surroundings.ts'
import { AuthProvider } from './AuthProvider.tsx'
import { GatewayProvider, useGateway } from './GatewayProvider.tsx'
import type { AuthAwareWebSocket } from './useAuthAwareWebSocket.ts'
import { type Channel, maxKeptEvents, useChannel } from './useChannel.ts'

afterEach(cleanup)

async function renderGateway(session: ReturnType<typeof createFakeSession>) {
  const clock = createFakeClock()
  const sockets = createFakeSockets()
  let gateway: AuthAwareWebSocket | undefined
  let channel: Channel | undefined
  function Probe() {
    gateway = useGateway()
    channel = useChannel('room:lobby')
    return null
  }
  const page = (url: string) => (
    <StrictMode>
      <AuthProvider keeper={session.keeper}>
        <GatewayProvider
          url={url}
          createClient={(options) =>
            createGatewayClient({
              ...options,
              createSocket: sockets.createSocket,
              setTimer: clock.setTimer,
              now: clock.now,
              random: () => 0.5,
            })
          }
        >
          <Probe />
        </GatewayProvider>
      </AuthProvider>
    </StrictMode>
  )
  const view = await act(async () => render(page('ws://gate.example/ws')))
  const show = (url: string) => act(async () => view.rerender(page(url)))
  const current = () => {
    if (!gateway || !channel) throw new Error('nothing was rendered')
    return { gateway, channel }
  }
  const inPage = (action: () => unknown) =>
    act(async () => {
      action()
      await settle()
    })
  return { clock, sockets, view, show, current, inPage }
}

describe('connecting', () => {
  it('R2.3 R2.7 opens one socket in StrictMode once the session is confirmed', async () => {
    const session = createFakeSession({ signed: true })
    const { sockets, current, inPage } = await renderGateway(session)
    expect(sockets.opened).toHaveLength(1)
    expect(sockets.last().protocols).toEqual(['sallyport.v1', 'bearer.alice.token'])
    expect(session.calls).toEqual(['validate'])
    await inPage(() => sockets.last().say(welcome()))
    expect(current().gateway.state.phase).toBe('open')
    expect(current().gateway.error).toBeUndefined()
  })

  it('R2.8 opens nothing while auth loads or without a login, even when told to', async () => {
    const loading = createFakeSession({ signed: true })
    loading.answerWith(err({ kind: 'unavailable' }))
    for (const session of [loading, createFakeSession({ signed: false })]) {
      const { sockets, current, inPage } = await renderGateway(session)
      expect(current().gateway.canConnect()).toBe(false)
      await inPage(() => current().gateway.connect())
      expect(sockets.opened).toHaveLength(0)
    }
  })

  it('R4.6 opens nothing when the marker of the cookie is gone', async () => {
    const session = createFakeSession({ signed: true })
    session.answerWith(ok(answerFor('alice')))
    session.loseMarker()
    const { sockets, current } = await renderGateway(session)
    expect(session.keeper.getState().status).toBe('authenticated')
    expect(current().gateway.canConnect()).toBe(false)
    expect(sockets.opened).toHaveLength(0)
  })

  it('R4.7 connects by itself after a login and disconnects after a logout', async () => {
    const session = createFakeSession({ signed: false })
    const { sockets, current, inPage } = await renderGateway(session)
    await inPage(() => session.keeper.login('bob', 'secret'))
    expect(sockets.last().protocols).toContain('bearer.bob.token')
    await inPage(() => sockets.last().say(welcome()))
    await inPage(() => session.keeper.logout())
    expect(sockets.last().isClosedByClient).toBe(true)
    expect(current().gateway.state.phase).toBe('idle')
    expect(sockets.opened).toHaveLength(1)
  })

  it('R4.7 stays connected over a token refresh', async () => {
    const session = createFakeSession({ signed: true })
    const { sockets, inPage } = await renderGateway(session)
    await inPage(() => sockets.last().say(welcome()))
    session.answerWith(ok(answerFor('alice', 'second.token')))
    const { signal } = new AbortController()
    await inPage(() => session.keeper.getToken({ reason: 'expired', signal }))
    expect(session.keeper.getState()).toMatchObject({ token: 'second.token' })
    expect(sockets.opened).toHaveLength(1)
    expect(sockets.last().isClosedByClient).toBe(false)
  })

  it('R3.7 R4.7 renews the authority of its open socket from the session, when it is due and when the page wakes', async () => {
    const session = createFakeSession({ signed: true })
    const { sockets, inPage, clock } = await renderGateway(session)
    await inPage(() => sockets.last().say(welcome()))
    session.answerWith(ok(answerFor('alice', 'second.token')))
    const wakeBy = (target: EventTarget, name: string) =>
      inPage(() => target.dispatchEvent(new Event(name)))
    await wakeBy(document, 'visibilitychange')
    expect(sockets.last().received).toHaveLength(1)
    clock.sleep(500_000)
    await wakeBy(document, 'visibilitychange')
    expect(sockets.last().received.at(-1)).toMatchObject({
      type: 'auth.refresh',
      data: { token: 'second.token' },
    })
    const data = { ttlMs: 600_000, refreshAfterMs: 500_000, lost: [] }
    await inPage(() => sockets.last().say({ type: 'auth.ok', data, id: 'sallyport.refresh.1' }))
    session.answerWith(ok(answerFor('alice', 'third.token')))
    clock.sleep(500_000)
    await wakeBy(window, 'online')
    expect(sockets.last().received.at(-1)).toMatchObject({ data: { token: 'third.token' } })
    expect(sockets.opened).toHaveLength(1)
    expect(sockets.last().isClosedByClient).toBe(false)
  })

  it('moves to another address with a new client and closes the old one', async () => {
    const session = createFakeSession({ signed: true })
    const { sockets, show, inPage } = await renderGateway(session)
    await inPage(() => sockets.last().say(welcome()))
    await show('ws://other.example/ws')
    expect(sockets.opened.map(({ url }) => url)).toEqual([
      'ws://gate.example/ws',
      'ws://other.example/ws',
    ])
    expect(sockets.opened[0]?.isClosedByClient).toBe(true)
    expect(sockets.last().isClosedByClient).toBe(false)
  })

  it('gives its readers the same value while nothing has changed', async () => {
    const session = createFakeSession({ signed: true })
    const { current, show } = await renderGateway(session)
    const before = current().gateway
    await show('ws://gate.example/ws')
    expect(current().gateway).toBe(before)
  })

  it('R2.8 closes its socket when the page goes', async () => {
    const { sockets, view, clock } = await renderGateway(createFakeSession({ signed: true }))
    view.unmount()
    await settle()
    expect(sockets.last().isClosedByClient).toBe(true)
    expect(clock.pending()).toBe(0)
  })
})

describe('errors', () => {
  it('R2.2 ends the session after 4410 and says that it was ended', async () => {
    const session = createFakeSession({ signed: true })
    const { sockets, inPage } = await renderGateway(session)
    await inPage(() => sockets.last().say(welcome()))
    await inPage(() => sockets.last().close(4410))
    expect(session.keeper.getState()).toEqual({ status: 'anonymous', reason: 'session-ended' })
    expect(sockets.opened).toHaveLength(1)
  })

  it('R4.7 goes on with the newer session of this browser after 4410', async () => {
    const session = createFakeSession({ signed: true })
    const { sockets, current, inPage } = await renderGateway(session)
    await inPage(() => sockets.last().say(welcome()))
    session.answerWith(ok(answerFor('bob')))
    await inPage(() => sockets.last().close(4410))
    expect(session.calls).toEqual(['validate', 'validate'])
    expect(session.keeper.getState()).toMatchObject({ user: { id: 'bob' } })
    expect(sockets.opened).toHaveLength(2)
    expect(sockets.last().protocols).toContain('bearer.bob.token')
    await inPage(() => sockets.last().say(welcome('c2')))
    expect(current().gateway.error).toBeUndefined()
    expect(sockets.last().received).toEqual([
      { type: 'subscribe', data: { channel: 'room:lobby' } },
    ])
  })

  it('R4.6 reads the marker when it connects first, not at every reconnect', async () => {
    const session = createFakeSession({ signed: true })
    const { sockets, current, inPage } = await renderGateway(session)
    await inPage(() => sockets.last().say(welcome()))
    session.loseMarker()
    session.answerWith(ok(answerFor('alice', 'second.token')))
    await inPage(() => sockets.last().close(4401))
    expect(sockets.last().protocols).toContain('bearer.second.token')
    await inPage(() => sockets.last().say(welcome('c2')))
    expect(current().gateway.state.phase).toBe('open')
    expect(sockets.last().isClosedByClient).toBe(false)
  })

  it('R2.2 ends the session when a refused token cannot be replaced', async () => {
    const session = createFakeSession({ signed: true })
    const { sockets, inPage } = await renderGateway(session)
    session.answerWith(err({ kind: 'invalid-credentials' }))
    await inPage(() => sockets.last().close(4401))
    expect(session.keeper.getState()).toEqual({ status: 'anonymous', reason: 'session-expired' })
  })

  it('keeps an account without access signed in, with the error to show', async () => {
    const session = createFakeSession({ signed: true })
    const { sockets, current, inPage } = await renderGateway(session)
    await inPage(() => sockets.last().close(4403))
    expect(session.keeper.getState().status).toBe('authenticated')
    expect(current().gateway.error).toMatchObject({ type: 'auth', code: 4403 })
  })

  it('R2.9 RX.12 keeps the session while a server in trouble is retried', async () => {
    const session = createFakeSession({ signed: true })
    const { sockets, current, inPage, clock } = await renderGateway(session)
    await inPage(() => sockets.last().close(4503))
    expect(current().gateway.error).toMatchObject({ type: 'server', retryable: true })
    expect(session.keeper.getState().status).toBe('authenticated')
    await act(async () => clock.advance(30_000))
    expect(sockets.opened.length).toBeGreaterThan(1)
  })

  it('R0.8 tries at once when the network is back', async () => {
    const { sockets, inPage } = await renderGateway(createFakeSession({ signed: true }))
    await inPage(() => sockets.last().say(welcome()))
    await inPage(() => sockets.last().close(1006))
    expect(sockets.opened).toHaveLength(1)
    await inPage(() => window.dispatchEvent(new Event('online')))
    expect(sockets.opened).toHaveLength(2)
  })
})

describe('useChannel', () => {
  const event = (text: string, channel = 'room:lobby') => {
    const from = { userId: 'bob', username: 'bob' }
    return { type: 'event', data: { channel, data: { text }, from, at: '' } } as const
  }
  const subscribed = { type: 'subscribed', data: { channel: 'room:lobby' } } as const

  it('R1.4 joins once, hears its own channel only, and publishes', async () => {
    const { sockets, current, inPage } = await renderGateway(createFakeSession({ signed: true }))
    await inPage(() => sockets.last().say(welcome()))
    expect(sockets.last().received).toEqual([
      { type: 'subscribe', data: { channel: 'room:lobby' } },
    ])
    expect(current().channel.isJoined).toBe(false)
    await inPage(() => sockets.last().say(subscribed))
    expect(current().channel.isJoined).toBe(true)
    await inPage(() => {
      sockets.last().say(event('one'))
      sockets.last().say(event('elsewhere', 'room:other'))
      sockets.last().say(event('two'))
    })
    expect(current().channel.events.map(({ data }) => data['text'])).toEqual(['one', 'two'])
    await inPage(() => current().channel.publish({ text: 'hello' }))
    expect(sockets.last().received.at(-1)).toEqual({
      type: 'publish',
      data: { channel: 'room:lobby', data: { text: 'hello' } },
    })
  })

  it('R4.7 forgets what it heard on disconnect, and joins again when it connects again', async () => {
    const { sockets, current, inPage } = await renderGateway(createFakeSession({ signed: true }))
    await inPage(() => sockets.last().say(welcome()))
    await inPage(() => sockets.last().say(event('private')))
    await inPage(() => current().gateway.disconnect())
    expect(current().channel.events).toEqual([])
    await inPage(() => current().gateway.connect())
    await inPage(() => sockets.last().say(welcome('c2')))
    expect(sockets.last().received).toEqual([
      { type: 'subscribe', data: { channel: 'room:lobby' } },
    ])
  })

  it('is not joined on a new connection before that one says so', async () => {
    const { sockets, current, inPage } = await renderGateway(createFakeSession({ signed: true }))
    await inPage(() => sockets.last().say(welcome('c1')))
    await inPage(() => sockets.last().say(subscribed))
    await inPage(() => sockets.last().close(1012))
    await inPage(() => current().gateway.connect())
    await inPage(() => sockets.last().say(welcome('c2')))
    expect(current().channel.isJoined).toBe(false)
    await inPage(() => sockets.last().say(subscribed))
    expect(current().channel.isJoined).toBe(true)
  })

  it('R3.7 is not in a channel any more that a renewed authority no longer allows, and says so', async () => {
    const { sockets, current, inPage } = await renderGateway(createFakeSession({ signed: true }))
    await inPage(() => sockets.last().say(welcome()))
    await inPage(() => sockets.last().say(subscribed))
    const lose = (channel: string) => {
      const data = { ttlMs: 600_000, refreshAfterMs: 500_000, lost: [channel] }
      return inPage(() => sockets.last().say({ type: 'auth.ok', data }))
    }
    await lose('room:other')
    expect(current().channel).toMatchObject({ isJoined: true, refusal: undefined })
    await lose('room:lobby')
    expect(current().channel).toMatchObject({ isJoined: false, refusal: { code: 'not-allowed' } })
  })

  it('RX.11 keeps a bounded number of events, the newest', async () => {
    const { sockets, current, inPage } = await renderGateway(createFakeSession({ signed: true }))
    await inPage(() => sockets.last().say(welcome()))
    await inPage(() => {
      for (let n = 0; n < maxKeptEvents + 5; n += 1) sockets.last().say(event(`${n}`))
    })
    const { events } = current().channel
    expect(events).toHaveLength(maxKeptEvents)
    expect(events[0]?.data['text']).toBe('5')
    expect(new Set(events.map(({ key }) => key)).size).toBe(maxKeptEvents)
  })

  it('shows a refusal until the next publish', async () => {
    const { sockets, current, inPage } = await renderGateway(createFakeSession({ signed: true }))
    await inPage(() => sockets.last().say(welcome()))
    const data = { code: 'x', category: 'server', message: 'Slow down.', retryable: true } as const
    await inPage(() => sockets.last().say({ type: 'error', data }))
    expect(current().channel.refusal).toEqual(data)
    await inPage(() => current().channel.publish({ text: 'again' }))
    expect(current().channel.refusal).toBeUndefined()
  })
})
