// The server's advice before a close: followed when the close itself is lost, and never further than the code allows.

import type { Disconnect } from '@sallyport/contracts/messages/server-message'
import { beforeEach, describe, expect, it } from 'vitest'
import { createClientWorld } from '../testing/client-world.ts'
import { adviceGraceMs } from './lifeline.ts'

let world: ReturnType<typeof createClientWorld>
beforeEach(() => {
  world = createClientWorld()
})

describe('advice', () => {
  const advice: Disconnect = {
    code: 4410,
    reason: 'session-revoked',
    category: 'auth',
    reconnect: false,
    refresh: false,
  }

  it('RX.1 survives a proxy that loses the close code', async () => {
    await world.connected()
    world.sockets.last().say({ type: 'disconnect', data: advice })
    world.sockets.last().close(1006)
    expect(world.client.getState()).toEqual({ phase: 'ended', outcome: 'auth', code: 4410 })
  })

  it('is followed even when the close frame never comes', async () => {
    await world.connected()
    world.sockets.last().say({ type: 'disconnect', data: advice })
    await world.clock.advance(adviceGraceMs)
    expect(world.sockets.last().isClosedByClient).toBe(true)
    expect(world.client.getState()).toMatchObject({ phase: 'ended', code: 4410 })
  })

  const byOperator = { ...advice, code: 4409, category: 'unknown', reconnect: true } as const

  it('RX.1 brings it back when an operator ended the connection', async () => {
    await world.connected()
    world.sockets.last().say({
      type: 'disconnect',
      data: { ...byOperator, reason: 'ended-by-operator' },
    })
    world.sockets.last().close(4409)
    expect(world.client.getState()).toMatchObject({ phase: 'backing-off', byOperator: true })
    await world.clock.advance(5250)
    expect(world.sockets.opened).toHaveLength(2)
  })

  it.each([
    ['was replaced', { ...byOperator, reason: 'replaced' }],
    ['may not', { ...byOperator, reason: 'ended-by-operator', reconnect: false }],
    ['met an auth close', { ...advice, reason: 'ended-by-operator', reconnect: true }],
  ])('R2.5 does not bring back a connection that %s', async (_name, data) => {
    await world.connected()
    world.sockets.last().say({ type: 'disconnect', data })
    world.sockets.last().close(data.code)
    await world.clock.advance(600_000)
    expect(world.client.getState().phase).toBe('ended')
    expect(world.sockets.opened).toHaveLength(1)
  })

  it('says how long to stay away', async () => {
    await world.connected()
    const restart = { ...advice, code: 1012, category: 'server', reconnect: true } as const
    world.sockets.last().say({ type: 'disconnect', data: { ...restart, retryAfterMs: 9000 } })
    world.sockets.last().close(1012)
    expect(world.client.getState()).toMatchObject({ phase: 'backing-off', delayMs: 9250 })
  })
})
