// Rooms over members of the test's own: who gets what, and what is never written.

import { isObject } from '@sallyport/contracts/messages/envelope'
import { describe, expect, it } from 'vitest'
import { createDispatch } from '../dispatch.ts'
import { testIdentity } from '../testing/test-backend.ts'
import { type ChannelAccess, mayUseChannel } from './channel-access.ts'
import { createMessaging, type Member } from './messaging.ts'

type Sent = { type: string; id?: string; data?: Record<string, unknown> }

function make(
  maxChannels = 50,
  maxPublishedBytes = Number.POSITIVE_INFINITY,
  access: ChannelAccess = mayUseChannel,
) {
  const messaging = createMessaging({
    maxChannels,
    wallClock: () => new Date(0),
    mayUseChannel: access,
  })
  const dispatch = createDispatch({ messaging })
  const join = (subject: string, onSend: () => void = () => {}) => {
    const sent: Sent[] = []
    const state = {
      live: true,
      publishedBytes: 0,
      identity: testIdentity({ subject, username: subject }),
    }
    const take = (text: string) => {
      if (!state.live) return
      sent.push(JSON.parse(text))
      onSend()
    }
    const member: Member = {
      get identity() {
        return state.identity
      },
      isLive: () => state.live,
      send: take,
      sendEvent: take,
      mayPublish: (bytes) => {
        state.publishedBytes += bytes
        return state.publishedBytes <= maxPublishedBytes
      },
    }
    const end = () => {
      state.live = false
      messaging.leave(member)
    }
    return { member, sent, state, end }
  }
  return { dispatch, join, messaging }
}

const room = 'room:a'
/** The event of `publish` with a number that is longer written out than as it came. */
const eventText = JSON.stringify({
  type: 'event',
  data: {
    channel: room,
    data: { n: 100000000000000000000 },
    from: { userId: 'alice', username: 'alice' },
    at: '1970-01-01T00:00:00.000Z',
  },
})
const publish = { type: 'publish', id: 'p', channel: room, data: { n: 1 } } as const

describe('messaging', () => {
  it('gives an event to everybody who subscribed, the sender included, and acknowledges it', () => {
    const { dispatch, join } = make()
    const [alice, bob, carol] = [join('alice'), join('bob'), join('carol')]
    dispatch(alice.member, { type: 'subscribe', id: 's', channel: room })
    dispatch(bob.member, { type: 'subscribe', channel: room })
    dispatch(alice.member, publish)
    const event = {
      type: 'event',
      data: {
        channel: room,
        data: { n: 1 },
        from: { userId: 'alice', username: 'alice' },
        at: '1970-01-01T00:00:00.000Z',
      },
    }
    expect(alice.sent).toEqual([
      { type: 'subscribed', id: 's', data: { channel: room } },
      event,
      { type: 'ack', id: 'p' },
    ])
    expect(bob.sent).toEqual([{ type: 'subscribed', data: { channel: room } }, event])
    expect(carol.sent).toEqual([])
  })

  it('gives nothing to somebody who unsubscribed', () => {
    const { dispatch, join } = make()
    const [alice, bob] = [join('alice'), join('bob')]
    dispatch(bob.member, { type: 'subscribe', channel: room })
    dispatch(bob.member, { type: 'unsubscribe', id: 'u', channel: room })
    dispatch(alice.member, publish)
    expect(bob.sent.map(({ type }) => type)).toEqual(['subscribed', 'ack'])
  })

  it('RX.1 ends a listener during a broadcast without a loss to those after it', () => {
    const { dispatch, join } = make()
    const bob = join('bob')
    const alice = join('alice', () => {
      if (alice.sent.length === 2) bob.end()
    })
    const carol = join('carol')
    for (const { member } of [alice, bob, carol])
      dispatch(member, { type: 'subscribe', channel: room })
    dispatch(carol.member, publish)
    expect(bob.sent.map(({ type }) => type)).toEqual(['subscribed'])
    expect(carol.sent.map(({ type }) => type)).toEqual(['subscribed', 'event', 'ack'])
  })

  it('RX.1 keeps nothing of a member that left', () => {
    const { dispatch, join } = make()
    const [alice, bob] = [join('alice'), join('bob')]
    dispatch(alice.member, { type: 'subscribe', channel: room })
    alice.end()
    dispatch(alice.member, { type: 'subscribe', channel: room })
    // Only a member that is still listed would be offered this.
    alice.state.live = true
    dispatch(bob.member, publish)
    expect(alice.sent.map(({ type }) => type)).toEqual(['subscribed'])
  })

  it('RX.11 bounds the channels of one connection; subscribing again costs nothing', () => {
    const { dispatch, join } = make(1)
    const alice = join('alice')
    dispatch(alice.member, { type: 'subscribe', channel: room })
    dispatch(alice.member, { type: 'subscribe', channel: room })
    dispatch(alice.member, { type: 'subscribe', id: 'x', channel: 'room:b' })
    expect(alice.sent.map(({ type }) => type)).toEqual(['subscribed', 'subscribed', 'error'])
    expect(alice.sent[2]).toMatchObject({ id: 'x', data: { code: 'too-many-channels' } })
  })

  it('LIM-3 LIM-4 refuses an event beyond the bytes of its publisher, counted as it is sent', () => {
    const size = Buffer.byteLength(eventText)
    const { dispatch, join } = make(50, size)
    const [alice, bob] = [join('alice'), join('bob')]
    dispatch(bob.member, { type: 'subscribe', channel: room })
    dispatch(alice.member, { ...publish, data: { n: 1e20 } })
    dispatch(alice.member, { ...publish, id: 'q' })
    expect(alice.state.publishedBytes).toBeGreaterThan(size)
    expect(alice.sent).toMatchObject([
      { type: 'ack', id: 'p' },
      { type: 'error', id: 'q', data: { code: 'rate-limited', retryable: true } },
    ])
    expect(bob.sent.map(({ type }) => type)).toEqual(['subscribed', 'event'])
  })

  it('AUT-10 refuses what the identity may not, by error and not by close', () => {
    const { dispatch, join } = make()
    const alice = join('alice')
    dispatch(alice.member, { type: 'subscribe', channel: 'user:bob' })
    dispatch(alice.member, { ...publish, channel: 'user:alice' })
    expect(alice.sent.map(({ data }) => isObject(data) && data['code'])).toEqual([
      'not-allowed',
      'not-allowed',
    ])
  })
})

describe('AUT-10 every message', () => {
  it('AUT-10 is judged by itself: neither being let in nor an earlier yes is leave for the next', () => {
    const { dispatch, join } = make()
    const [alice, bob] = [join('alice'), join('bob')]
    dispatch(bob.member, { type: 'subscribe', channel: 'user:bob' })
    for (const channel of [room, 'user:alice', room, 'user:bob', 'user:alice']) {
      dispatch(alice.member, { type: 'subscribe', channel })
      dispatch(alice.member, { ...publish, channel })
    }
    const answers = alice.sent.map(({ type, data }) =>
      type === 'subscribed' ? data?.['channel'] : type === 'error' ? data?.['code'] : type,
    )
    const inRoom = [room, 'event', 'ack']
    const onOwn = ['user:alice', 'not-allowed']
    const onAnothers = ['not-allowed', 'not-allowed']
    expect(answers).toEqual([...inRoom, ...onOwn, ...inRoom, ...onAnothers, ...onOwn])
    expect(bob.sent.map(({ type }) => type)).toEqual(['subscribed'])
  })
})

/** Listening takes the group of the room's name, publishing its scope. */
const byGrants: ChannelAccess = ({ groups, scopes }, action, channel) =>
  (action === 'subscribe' ? groups : scopes).includes(channel)

describe('an identity that a refresh replaced', () => {
  const all = ['room:a', 'room:b', 'room:c']
  const withGrants = (groups: readonly string[], scopes: readonly string[]) =>
    testIdentity({ groups, scopes })

  it('W92 RX.3 loses what it may no longer listen to, says what that was, and keeps the rest', () => {
    const { dispatch, join, messaging } = make(50, Number.POSITIVE_INFINITY, byGrants)
    const [alice, bob] = [join('alice'), join('bob')]
    for (const one of [alice, bob]) one.state.identity = withGrants(all, all)
    for (const channel of all) dispatch(alice.member, { type: 'subscribe', channel })
    alice.state.identity = withGrants(['room:b'], [])
    expect(messaging.leaveForbidden(alice.member)).toEqual(['room:a', 'room:c'])
    expect(messaging.leaveForbidden(alice.member)).toEqual([])
    alice.sent.length = 0
    for (const channel of all) dispatch(bob.member, { ...publish, channel })
    expect(alice.sent.map(({ data }) => data?.['channel'])).toEqual(['room:b'])
  })

  it('W92 RX.3 is asked about for the next message, and no earlier yes counts', () => {
    const { dispatch, join } = make(50, Number.POSITIVE_INFINITY, byGrants)
    const alice = join('alice')
    alice.state.identity = withGrants(all, all)
    dispatch(alice.member, publish)
    alice.state.identity = withGrants(all, [])
    dispatch(alice.member, publish)
    expect(alice.sent.map(({ type }) => type)).toEqual(['ack', 'error'])
  })

  it('RX.3 is the one whose name stands at what is published', () => {
    const { dispatch, join } = make()
    const alice = join('alice')
    dispatch(alice.member, { type: 'subscribe', channel: room })
    alice.state.identity = testIdentity({ username: 'alice-after-the-wedding' })
    dispatch(alice.member, publish)
    expect(alice.sent[1]).toMatchObject({
      data: { from: { userId: 'alice', username: 'alice-after-the-wedding' } },
    })
  })

  it('RX.3 frees the places of the channels that it lost', () => {
    const { dispatch, join, messaging } = make(2, Number.POSITIVE_INFINITY, byGrants)
    const alice = join('alice')
    alice.state.identity = withGrants(all, [])
    for (const channel of ['room:a', 'room:b']) {
      dispatch(alice.member, { type: 'subscribe', channel })
    }
    alice.state.identity = withGrants(['room:b', 'room:c'], [])
    messaging.leaveForbidden(alice.member)
    dispatch(alice.member, { type: 'subscribe', channel: 'room:c' })
    expect(alice.sent.at(-1)).toMatchObject({ type: 'subscribed', data: { channel: 'room:c' } })
  })

  it('has nothing to lose when it listens to nothing', () => {
    const { join, messaging } = make()
    expect(messaging.leaveForbidden(join('alice').member)).toEqual([])
  })
})

describe('channel access', () => {
  const alice = testIdentity()
  it.each([
    ['subscribe', 'room:a', true],
    ['publish', 'room:a', true],
    ['subscribe', 'user:alice', true],
    ['publish', 'user:alice', false],
    ['subscribe', 'user:alice2', false],
    ['subscribe', 'user:bob', false],
    ['publish', 'user:bob', false],
    ['subscribe', 'admin:a', false],
    ['publish', 'rooms:a', false],
  ] as const)('AUT-10 %s on %s → %s', (action, channel, allowed) => {
    expect(mayUseChannel(alice, action, channel)).toBe(allowed)
  })
})
