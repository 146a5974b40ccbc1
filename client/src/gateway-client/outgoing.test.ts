// What a new connection hears, how fast, and what a sign-out leaves of it.

import { beforeEach, describe, expect, it } from 'vitest'
import { createFakeClock } from '../testing/fake-surroundings.ts'
import type { ConnectionState } from './connection-state.ts'
import { maxQueuedMessages } from './outbox.ts'
import { createOutgoing } from './outgoing.ts'

const messagesPerSecond = 20

function setUp() {
  const clock = createFakeClock()
  const said: string[] = []
  let phase: ConnectionState['phase'] = 'connecting'
  const outgoing = createOutgoing({
    phase: () => phase,
    sendText: (text) => {
      const { type, data } = JSON.parse(text) as { type: string; data: Said }
      said.push(`${type} ${data.data?.text ?? data.channel}`)
    },
    setTimer: clock.setTimer,
  })
  const begin = (rate = messagesPerSecond) => {
    outgoing.begin(rate)
    phase = 'open'
  }
  const lose = () => {
    phase = 'backing-off'
    outgoing.pause()
  }
  const publish = (text: string) =>
    outgoing.send({ type: 'publish', channel: 'room:a', data: { text } })
  return { clock, said, outgoing, begin, lose, publish }
}

type Said = { readonly channel: string; readonly data?: { readonly text: string } }

const texts = (count: number) => Array.from({ length: count }, (_, index) => `publish ${index}`)

let world: ReturnType<typeof setUp>
beforeEach(() => {
  world = setUp()
})

describe('a backlog', () => {
  beforeEach(() => {
    for (let index = 0; index < 30; index += 1) world.publish(`${index}`)
  })

  it('RX.11 is said half a second’s worth at once and then evenly, in order, all of it', async () => {
    world.begin()
    expect(world.said).toEqual(texts(10))
    await world.clock.advance(49)
    expect(world.said).toHaveLength(10)
    await world.clock.advance(1)
    expect(world.said).toEqual(texts(11))
    await world.clock.advance(950)
    expect(world.said).toEqual(texts(30))
    await world.clock.advance(1000)
    expect(world.clock.pending()).toBe(0)
  })

  it('RX.11 counts the joins of a new connection', async () => {
    for (let index = 0; index < 40; index += 1) world.outgoing.join(`room:${index}`)
    world.begin()
    expect(world.said).toHaveLength(10)
    await world.clock.advance(3000)
    expect(world.said).toEqual(
      [...Array(40).keys()].map((n) => `subscribe room:${n}`).concat(texts(30)),
    )
  })

  it('lets nobody jump the line', async () => {
    world.begin()
    expect(world.publish('30')).toBe(true)
    const leave = world.outgoing.join('room:late')
    leave()
    await world.clock.advance(2000)
    world.publish('31')
    expect(world.said).toEqual([
      ...texts(31),
      'subscribe room:late',
      'unsubscribe room:late',
      'publish 31',
    ])
  })

  it('stays bounded while it is said', () => {
    world.begin()
    const taken = Array.from({ length: maxQueuedMessages }, () => world.publish('more'))
    expect(taken.filter(Boolean)).toHaveLength(maxQueuedMessages - 20)
  })

  it('stops with its connection, and the rest waits for the next', async () => {
    world.outgoing.join('room:a')
    world.begin()
    world.lose()
    await world.clock.advance(5000)
    expect(world.said).toEqual(['subscribe room:a', ...texts(9)])
    world.begin()
    await world.clock.advance(5000)
    expect(world.said.slice(10)).toEqual(['subscribe room:a', ...texts(30).slice(9)])
  })

  it('joins in line for one connection are not said twice on the next', async () => {
    world.begin()
    world.outgoing.join('room:late')
    world.lose()
    world.begin()
    await world.clock.advance(5000)
    expect(world.said.filter((line) => line === 'subscribe room:late')).toHaveLength(1)
  })

  it.each([0, -1, Number.NaN, Infinity])('takes a pace of %d for none', async (rate) => {
    world.begin(rate)
    expect(world.said.length).toBeLessThan(30)
    await world.clock.advance(10_000)
    expect(world.said).toEqual(texts(30))
  })
})

describe('forgetting', () => {
  it('R4.7 leaves no channel and no message for the next session', () => {
    world.outgoing.join('room:a')
    world.publish('private')
    world.outgoing.forget('everything')
    world.begin()
    expect(world.said).toEqual([])
  })

  it('lets a member of a forgotten channel end no later membership', () => {
    const leaveEarlier = world.outgoing.join('room:a')
    world.outgoing.forget('everything')
    world.outgoing.join('room:a')
    leaveEarlier()
    world.begin()
    expect(world.said).toEqual(['subscribe room:a'])
  })
})
