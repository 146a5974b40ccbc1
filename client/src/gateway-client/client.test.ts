// The client's effects: when it asks for a token, when it opens a socket, when it comes back, and when it does not.

import { beforeEach, describe, expect, it } from 'vitest'
import { createClientWorld } from '../testing/client-world.ts'
import { createFakeClock, settle, welcome } from '../testing/fake-surroundings.ts'
import { createGatewayClient } from './client.ts'
import { heartbeatGraceMs, welcomeTimeoutMs } from './lifeline.ts'
import { maxQueuedMessages } from './outbox.ts'
import { UnauthorizedError } from './token-source.ts'

let world: ReturnType<typeof createClientWorld>
beforeEach(() => {
  world = createClientWorld()
})

describe('connecting', () => {
  it('R3.1 offers our protocol and the token as subprotocols, and nothing in the address', async () => {
    await world.connected()
    expect(world.sockets.last().url).toBe('wss://gate.example/ws')
    expect(world.sockets.last().protocols).toEqual(['sallyport.v1', 'bearer.token-1'])
  })

  it('R0.8 tells every phase, and is open only after the welcome', async () => {
    world.client.connect()
    await settle()
    expect(world.phases).toEqual(['waiting-for-token', 'connecting'])
    world.sockets.last().say(welcome('c7'))
    expect(world.client.getState()).toMatchObject({ phase: 'open', connectionId: 'c7' })
  })

  it.each([
    undefined,
    '',
    '   ',
    'token_placeholder',
    'two words',
  ])('R3.2 opens no socket with the token %j and goes on when one is there', async (missing) => {
    world.answerWith(() => missing)
    world.client.connect()
    await world.clock.advance(600_000)
    expect(world.sockets.opened).toHaveLength(0)
    expect(world.requests).toHaveLength(1)
    expect(world.client.getState()).toMatchObject({ phase: 'waiting-for-token', parked: true })
    world.answerWith(() => 'token-2')
    world.client.connect()
    await settle()
    expect(world.sockets.last().protocols).toContain('bearer.token-2')
  })

  it('R3.2 queues the attempt while the token is on its way', async () => {
    let arrive: (token: string) => void = () => {}
    const late = new Promise<string>((resolve) => {
      arrive = resolve
    })
    world.answerWith(() => late)
    world.client.connect()
    await settle()
    expect(world.sockets.opened).toHaveLength(0)
    arrive('token-late')
    await settle()
    expect(world.sockets.last().protocols).toContain('bearer.token-late')
  })

  it('has one socket at a time, however often it is told to connect', async () => {
    world.client.connect()
    world.client.connect()
    await settle()
    world.client.connect()
    world.sockets.last().say(welcome())
    world.client.connect()
    await settle()
    expect(world.sockets.opened).toHaveLength(1)
    expect(world.requests).toHaveLength(1)
  })

  it('R2.8 opens nothing when it is disconnected while the token is on its way', async () => {
    world.client.connect()
    world.client.disconnect()
    await settle()
    expect(world.sockets.opened).toHaveLength(0)
    expect(world.requests[0]?.signal.aborted).toBe(true)
  })

  it('R3.4 lets a late answer to an earlier attempt decide nothing', async () => {
    let refuse: (answer: Error) => void = () => {}
    const late = new Promise<Error>((resolve) => {
      refuse = resolve
    })
    world.answerWith(() => late)
    world.client.connect()
    world.client.disconnect()
    world.answerWith(() => new Promise(() => {}))
    world.client.connect()
    refuse(new UnauthorizedError())
    await settle()
    expect(world.client.getState()).toMatchObject({ phase: 'waiting-for-token', parked: false })
  })

  it('takes a socket that never says welcome for a refusal and asks', async () => {
    world.client.connect()
    await world.clock.advance(welcomeTimeoutMs)
    expect(world.sockets.opened[0]?.isClosedByClient).toBe(true)
    expect(world.reasons()).toEqual(['connect', 'refused'])
  })

  it('goes on after a browser that throws instead of opening', async () => {
    const clock = createFakeClock()
    const client = createGatewayClient({
      url: 'ws://gate.example/ws',
      getToken: async () => 'token-1',
      createSocket: () => {
        throw new Error('SecurityError')
      },
      setTimer: clock.setTimer,
      random: () => 0.5,
    })
    client.connect()
    await clock.advance(10)
    expect(client.getState()).toMatchObject({ phase: 'backing-off', attempt: 1 })
    await client.close()
  })
})

describe('coming back', () => {
  it('R2.9 backs off after a lost connection, and the wait grows', async () => {
    await world.connected()
    world.sockets.last().close(1006)
    expect(world.client.getState()).toMatchObject({ phase: 'backing-off', delayMs: 750 })
    await world.clock.advance(749)
    expect(world.sockets.opened).toHaveLength(1)
    await world.clock.advance(1)
    expect(world.sockets.opened).toHaveLength(2)
    world.sockets.last().say(welcome('c2'))
    world.sockets.last().close(1006)
    expect(world.client.getState()).toMatchObject({ phase: 'backing-off', delayMs: 1250 })
  })

  it('forgets earlier failures once a connection is stable', async () => {
    await world.connected()
    world.sockets.last().close(1006)
    await world.clock.advance(750)
    world.sockets.last().say(welcome('c2'))
    await world.clock.advance(6000)
    world.sockets.last().close(1006)
    expect(world.client.getState()).toMatchObject({ phase: 'backing-off', delayMs: 750 })
  })

  it('R4.7 gets a new token after 4401 and connects with it at once', async () => {
    await world.connected()
    world.answerWith(() => 'token-2')
    world.sockets.last().close(4401)
    await settle()
    expect(world.reasons()).toEqual(['connect', 'expired'])
    expect(world.sockets.last().protocols).toContain('bearer.token-2')
  })

  it('R2.5 never presents the token of an auth close again', async () => {
    await world.connected()
    world.sockets.last().close(4401)
    await world.clock.advance(600_000)
    expect(world.sockets.opened).toHaveLength(1)
    expect(world.client.getState()).toEqual({ phase: 'ended', outcome: 'auth' })
  })

  it('R2.5 does not loop when every new token is refused too', async () => {
    let count = 0
    world.answerWith(() => `token-${(count += 1)}`)
    await world.connected()
    world.sockets.last().close(4401)
    await settle()
    world.sockets.last().say(welcome('c2'))
    world.sockets.last().close(4401)
    await world.clock.advance(600_000)
    expect(world.sockets.opened).toHaveLength(2)
    expect(world.client.getState()).toMatchObject({ phase: 'ended', outcome: 'auth' })
  })

  it.each([4410, 4403])('R2.5 asks for nothing and stays away after %i', async (code) => {
    await world.connected()
    world.sockets.last().close(code)
    await world.clock.advance(600_000)
    expect(world.requests).toHaveLength(1)
    expect(world.client.getState()).toMatchObject({ phase: 'ended', code })
  })

  it('RX.4 asks after a refusal; without a session it ends as auth', async () => {
    world.client.connect()
    await settle()
    world.answerWith(() => new UnauthorizedError())
    world.sockets.last().close(1006)
    await world.clock.advance(600_000)
    expect(world.reasons()).toEqual(['connect', 'refused'])
    expect(world.sockets.opened).toHaveLength(1)
    expect(world.client.getState()).toEqual({ phase: 'ended', outcome: 'auth' })
  })

  it('RX.4 asks after a refusal; with a session it waits before it tries again', async () => {
    world.client.connect()
    await settle()
    world.sockets.last().close(1006)
    await settle()
    expect(world.client.getState()).toMatchObject({ phase: 'backing-off', delayMs: 750 })
    await world.clock.advance(750)
    expect(world.sockets.opened).toHaveLength(2)
  })

  it('RX.12 takes a token that cannot be had for an outage and keeps trying', async () => {
    world.answerWith(() => new Error('503'))
    world.client.connect()
    await world.clock.advance(60_000)
    expect(world.client.getState().phase).toMatch(/backing-off|waiting-for-token/)
    expect(world.requests.length).toBeGreaterThan(3)
    expect(world.requests.length).toBeLessThan(20)
    world.answerWith(() => 'token-1')
    await world.clock.advance(31_000)
    expect(world.sockets.opened).toHaveLength(1)
  })

  it('goes on at once when it is told to connect while it waits', async () => {
    await world.connected()
    world.sockets.last().close(4503)
    world.client.connect()
    await settle()
    expect(world.sockets.opened).toHaveLength(2)
  })

  it('R0.10 drops a silent connection after the heartbeat and its grace', async () => {
    await world.connected()
    await world.clock.advance(25_000)
    world.sockets.last().say({ type: 'hb' })
    await world.clock.advance(25_000 + heartbeatGraceMs - 1)
    expect(world.client.getState().phase).toBe('open')
    await world.clock.advance(1)
    expect(world.sockets.opened[0]?.isClosedByClient).toBe(true)
    expect(world.client.getState().phase).toBe('backing-off')
  })
})

describe('speaking', () => {
  const publish = (text: string) =>
    ({ type: 'publish', channel: 'room:lobby', data: { text } }) as const

  it('queues while a connection is under way, in order, joins first', async () => {
    world.client.join('room:lobby')
    world.client.connect()
    expect(world.client.send(publish('one'))).toBe(true)
    await settle()
    expect(world.client.send(publish('two'))).toBe(true)
    expect(world.sockets.last().received).toEqual([])
    world.sockets.last().say(welcome())
    expect(world.sockets.last().received).toEqual([
      { type: 'subscribe', data: { channel: 'room:lobby' } },
      { type: 'publish', data: { channel: 'room:lobby', data: { text: 'one' } } },
      { type: 'publish', data: { channel: 'room:lobby', data: { text: 'two' } } },
    ])
  })

  it('RX.11 queues no more than its bound', () => {
    world.client.connect()
    const taken = Array.from({ length: maxQueuedMessages + 3 }, () =>
      world.client.send(publish('x')),
    )
    expect(taken.filter(Boolean)).toHaveLength(maxQueuedMessages)
    expect(taken.at(-1)).toBe(false)
  })

  it('refuses to speak when nothing is under way, and forgets the queue on disconnect', async () => {
    expect(world.client.send(publish('nobody'))).toBe(false)
    world.client.connect()
    world.client.send(publish('private'))
    world.client.disconnect()
    await world.connected()
    expect(world.sockets.last().received).toEqual([])
  })

  it.each([
    ['disconnect', () => world.client.disconnect()],
    ['4410', () => world.sockets.last().close(4410)],
  ])('R4.7 is in no channel of an earlier session after %s', async (_end, end) => {
    world.client.join('room:private')
    await world.connected()
    end()
    world.answerWith(() => 'token-2')
    await world.connected()
    expect(world.sockets.opened).toHaveLength(2)
    expect(world.sockets.last().received).toEqual([])
  })

  it('RX.11 says a backlog no faster than the welcome allows, and loses nothing with a connection', async () => {
    world.client.connect()
    for (let index = 0; index < 60; index += 1) world.client.send(publish(`${index}`))
    await settle()
    world.sockets.last().say(welcome())
    expect(world.sockets.last().received).toHaveLength(10)
    await world.clock.advance(500)
    expect(world.sockets.last().received).toHaveLength(20)
    world.sockets.last().close(1006)
    await world.clock.advance(750)
    world.sockets.last().say(welcome('c2'))
    await world.clock.advance(4000)
    const received = world.sockets.opened.flatMap((socket) => socket.received)
    expect(received).toMatchObject(
      Array.from({ length: 60 }, (_, index) => ({ data: { data: { text: `${index}` } } })),
    )
  })

  it('R4.7 says nothing more of a backlog after disconnect', async () => {
    world.client.connect()
    for (let index = 0; index < 20; index += 1) world.client.send(publish(`${index}`))
    await settle()
    world.sockets.last().say(welcome())
    world.client.disconnect()
    expect(world.clock.pending()).toBe(0)
    expect(world.sockets.last().received).toHaveLength(10)
  })

  it('is in a channel once, however many parts of a page are, and again after a reconnect', async () => {
    await world.connected()
    const leaveFirst = world.client.join('room:lobby')
    const leaveSecond = world.client.join('room:lobby')
    leaveFirst()
    leaveFirst()
    world.sockets.last().close(1006)
    await world.clock.advance(750)
    world.sockets.last().say(welcome('c2'))
    leaveSecond()
    const heard = world.sockets.opened.map(({ received }) => received)
    const subscribe = { type: 'subscribe', data: { channel: 'room:lobby' } }
    expect(heard).toEqual([[subscribe], [subscribe, { ...subscribe, type: 'unsubscribe' }]])
  })
})

describe('listening', () => {
  it('passes on what is for the page and ignores what it does not know', async () => {
    const heard: string[] = []
    world.client.onMessage(({ type }) => heard.push(type))
    await world.connected()
    const socket = world.sockets.last()
    socket.sayText('{"type":"from-the-future","data":{}}')
    socket.sayText('no json')
    socket.sayText(new ArrayBuffer(2))
    socket.say({ type: 'hb' })
    socket.say({ type: 'ack', id: '1' })
    expect(heard).toEqual(['ack'])
  })

  it('R4.7 hears and does nothing more after disconnect or close', async () => {
    const heard: string[] = []
    world.client.onMessage(({ type }) => heard.push(type))
    await world.connected()
    world.client.disconnect()
    world.sockets.last().say({ type: 'ack' })
    world.sockets.last().close(1006)
    expect(world.sockets.last().isClosedByClient).toBe(true)
    expect(world.client.getState()).toEqual({ phase: 'idle' })
    await world.client.close()
    world.client.connect()
    await world.clock.advance(600_000)
    expect(heard).toEqual([])
    expect(world.sockets.opened).toHaveLength(1)
    expect(world.clock.pending()).toBe(0)
  })
})
