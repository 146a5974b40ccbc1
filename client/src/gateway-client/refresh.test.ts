// A new token on the open socket: when it is asked for and sent, what each answer leads to, and when nothing is done.

import type {
  AuthOk,
  ServerError,
  ServerMessage,
} from '@sallyport/contracts/messages/server-message'
import { beforeEach, describe, expect, it } from 'vitest'
import { createClientWorld } from '../testing/client-world.ts'
import { settle, welcome } from '../testing/fake-surroundings.ts'
import { refreshAnswerTimeoutMs } from './refresh.ts'
import { minRefreshIntervalMs } from './refresh-state.ts'
import { maxTimerMs } from './timer.ts'
import { UnauthorizedError } from './token-source.ts'

type Sent = {
  readonly type: string
  readonly id: string
  readonly data: { readonly token: string }
}

let world: ReturnType<typeof createClientWorld>
let heard: ServerMessage[]
beforeEach(() => {
  world = createClientWorld()
  heard = []
  world.client.onMessage((message) => heard.push(message))
})

/** An open connection of ten minutes' authority whose source has a new token for every question. */
async function connect() {
  let count = 0
  world.answerWith(() => `token-${(count += 1)}`)
  await world.connected()
}

const sent = () =>
  (world.sockets.last().received as Sent[]).filter(({ type }) => type === 'auth.refresh')
const tokensSent = () => sent().map(({ data }) => data.token)
const say = (message: ServerMessage) => world.sockets.last().say(message)
const answer = (changes: Partial<AuthOk> = {}, id = sent().at(-1)?.id) => {
  const data = { ttlMs: 600_000, refreshAfterMs: 500_000, lost: [], ...changes }
  say({ type: 'auth.ok', ...(id !== undefined && { id }), data })
}
const refuse = (code: string, id = sent().at(-1)?.id ?? '') => {
  const data: ServerError = { code, category: 'auth', message: 'no', retryable: false }
  say({ type: 'error', id, data })
}
/** Lives for so long on a socket that says `hb`. */
async function live(forMs: number) {
  for (let leftMs = forMs; leftMs > 0; leftMs -= 20_000) {
    await world.clock.advance(Math.min(leftMs, 20_000))
    say({ type: 'hb' })
  }
}

describe('refreshing', () => {
  it('R3.7 R4.7 asks for a new token when the welcome said, and sends it on the same socket', async () => {
    await connect()
    await live(499_999)
    expect(world.reasons()).toEqual(['connect'])
    await live(1)
    expect(world.reasons()).toEqual(['connect', 'refresh'])
    expect(tokensSent()).toEqual(['token-2'])
    answer()
    expect(world.client.getState()).toMatchObject({ phase: 'open', connectionId: 'c1' })
    expect(world.sockets.opened).toHaveLength(1)
  })

  it('RX.3 goes on refreshing for as long as it is answered, without a reconnect', async () => {
    await connect()
    for (let round = 0; round < 20; round += 1) {
      await live(500_000)
      answer()
    }
    expect(tokensSent()).toHaveLength(20)
    expect(new Set(tokensSent()).size).toBe(20)
    expect(world.sockets.opened).toHaveLength(1)
    expect(world.phases.filter((phase) => phase === 'connecting')).toHaveLength(1)
  })

  it('R3.7 waits for moments that no timer reaches, without firing early', async () => {
    world.client.connect()
    await settle()
    const refreshAfterMs = maxTimerMs * 2 + 5
    const heartbeatMs = maxTimerMs * 3
    say(welcome('c1', { ttlMs: maxTimerMs * 4, refreshAfterMs, heartbeatMs }))
    await world.clock.advance(refreshAfterMs - 1)
    expect(world.reasons()).toEqual(['connect'])
    await world.clock.advance(1)
    expect(world.reasons()).toEqual(['connect', 'refresh'])
  })

  it('R3.7 asks at once when the server says that the authority expires', async () => {
    await connect()
    say({ type: 'auth.expiring', data: { inMs: 30_000, reason: 'expiry' } })
    say({ type: 'auth.expiring', data: { inMs: 30_000, reason: 'expiry' } })
    await settle()
    expect(tokensSent()).toEqual(['token-2'])
  })

  it('R3.7 makes up for a timer that slept when the page wakes, and not before it was due', async () => {
    await connect()
    world.client.wake()
    await live(200_000)
    world.client.wake()
    await settle()
    expect(tokensSent()).toEqual([])
    world.clock.sleep(300_000)
    world.client.wake()
    await settle()
    expect(tokensSent()).toEqual(['token-2'])
  })

  it('plans anew when the authority was renewed by other means', async () => {
    await connect()
    await live(400_000)
    say({ type: 'auth.ok', data: { ttlMs: 600_000, refreshAfterMs: 500_000, lost: [] } })
    await live(499_999)
    expect(tokensSent()).toEqual([])
    await live(1)
    expect(tokensSent()).toEqual(['token-2'])
  })

  it('R2.5 never presents a renewed token again after its own auth close', async () => {
    await connect()
    await live(500_000)
    answer()
    world.answerWith(() => 'token-2')
    world.sockets.last().close(4401)
    await settle()
    expect(world.client.getState()).toEqual({ phase: 'ended', outcome: 'auth' })
  })
})

describe('a refresh without success', () => {
  it.each([
    'refresh-refused',
    'refresh-unavailable',
    'rate-limited',
  ])('R3.7 is tried once more after %s, then left to the end of the token', async (code) => {
    await connect()
    await live(500_000)
    refuse(code)
    await live(4999)
    expect(tokensSent()).toEqual(['token-2'])
    await live(1500)
    expect(tokensSent()).toEqual(['token-2', 'token-3'])
    refuse(code)
    await live(80_000)
    expect(tokensSent()).toHaveLength(2)
    expect(world.client.getState().phase).toBe('open')
    world.sockets.last().close(4401)
    await settle()
    expect(world.reasons().at(-1)).toBe('expired')
    expect(world.sockets.opened).toHaveLength(2)
    expect(world.sockets.last().protocols).toContain('bearer.token-4')
  })

  it('R3.7 is tried once more when nobody answers, and an answer that is late counts', async () => {
    await connect()
    await live(500_000)
    await live(refreshAnswerTimeoutMs)
    answer()
    await live(60_000)
    expect(tokensSent()).toEqual(['token-2'])
    await live(440_000)
    expect(tokensSent()).toEqual(['token-2', 'token-3'])
    await live(refreshAnswerTimeoutMs + 6000)
    expect(tokensSent()).toEqual(['token-2', 'token-3', 'token-4'])
  })

  it('RX.12 an outage of the token source costs no connection, and the server’s word is one more chance', async () => {
    await connect()
    world.answerWith(() => new Error('503'))
    await live(560_000)
    expect(world.reasons()).toEqual(['connect', 'refresh', 'refresh'])
    world.answerWith(() => 'token-9')
    say({ type: 'auth.expiring', data: { inMs: 30_000, reason: 'expiry' } })
    await settle()
    expect(tokensSent()).toEqual(['token-9'])
    expect(world.sockets.opened).toHaveLength(1)
  })

  it('RX.12 is made up for when the network is back, and not more often than the server takes', async () => {
    await connect()
    world.answerWith(() => new Error('offline'))
    await live(515_000)
    for (let count = 0; count < 5; count += 1) world.client.wake()
    // Each of the two tries has its second chance; five wakes are one try.
    await live(5250 + minRefreshIntervalMs)
    expect(world.reasons()).toEqual(['connect', ...Array.from({ length: 4 }, () => 'refresh')])
    world.answerWith(() => 'token-9')
    world.client.wake()
    await settle()
    expect(tokensSent()).toEqual(['token-9'])
  })

  it('is not tried again when no life is left for it', async () => {
    await connect()
    await live(500_000)
    answer({ ttlMs: 110_000, refreshAfterMs: 100_000 })
    await live(100_000)
    await live(refreshAnswerTimeoutMs)
    await live(30_000)
    expect(tokensSent()).toHaveLength(2)
  })
})

describe('nothing is sent', () => {
  it.each([
    ['the token in use', 'token-1'],
    ['none', undefined],
    ['a text that is no token', 'token_placeholder'],
  ])('R3.7 when the source has %s', async (_name, given) => {
    await connect()
    world.answerWith(() => given)
    await live(580_000)
    expect(world.reasons()).toEqual(['connect', 'refresh'])
    expect(sent()).toEqual([])
  })

  it('R3.7 when the source knows of no login: the token in use lasts until its end', async () => {
    await connect()
    world.answerWith(() => new UnauthorizedError())
    await live(590_000)
    expect(world.reasons()).toEqual(['connect', 'refresh'])
    expect(world.client.getState().phase).toBe('open')
  })

  it('R3.7 when an answer moved the end no further, as under a cookie or a session that is over soon', async () => {
    await connect()
    await live(500_000)
    answer({ ttlMs: 100_000, refreshAfterMs: 70_000 })
    await live(90_000)
    expect(sent()).toHaveLength(1)
  })

  it('R4.7 after a disconnect, even with a token on its way', async () => {
    await connect()
    let arrive: (token: string) => void = () => {}
    world.answerWith(
      () =>
        new Promise<string>((resolve) => {
          arrive = resolve
        }),
    )
    await live(500_000)
    world.client.disconnect()
    expect(world.requests.at(-1)?.signal.aborted).toBe(true)
    arrive('token-2')
    await world.clock.advance(600_000)
    world.client.wake()
    expect(sent()).toEqual([])
    expect(world.clock.pending()).toBe(0)
  })

  it('RX.1 before an end that no new token stops', async () => {
    await connect()
    say({ type: 'auth.expiring', data: { inMs: 60_000, reason: 'revoked-with-margin' } })
    say({ type: 'auth.expiring', data: { inMs: 30_000, reason: 'expiry' } })
    await live(590_000)
    expect(world.reasons()).toEqual(['connect'])
  })
})

describe('a page', () => {
  it('hears nothing of a refresh that changes nothing for it, whatever its outcome', async () => {
    await connect()
    say({ type: 'auth.expiring', data: { inMs: 30_000, reason: 'expiry' } })
    await settle()
    const first = sent()[0]?.id ?? ''
    refuse('refresh-unavailable')
    await live(6500)
    answer()
    refuse('rate-limited', first)
    expect(heard).toEqual([])
  })

  it('hears of channels it lost, of an end that nothing stops, and of its own errors', async () => {
    await connect()
    await live(500_000)
    answer({ lost: ['room:a'] })
    say({ type: 'auth.expiring', data: { inMs: 60_000, reason: 'revoked-with-margin' } })
    refuse('not-allowed', 'mine')
    expect(heard.map(({ type }) => type)).toEqual(['auth.ok', 'auth.expiring', 'error'])
  })
})
