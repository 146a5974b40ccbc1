import { describe, expect, it } from 'vitest'
import type { LiveSocket, Seen } from './live-socket.ts'
import { createLoopbackAddresses, createSockets } from './sockets.ts'

const open: Seen = {
  messageAtMs: 1,
  closeAtMs: undefined,
  closeCode: undefined,
  endedAtMs: undefined,
}

function socketAt(gate: number, seen: Partial<Seen> = {}): LiveSocket & { cuts: number } {
  const socket = {
    sessionId: 's',
    gate,
    cuts: 0,
    ended: Promise.resolve(),
    seen: () => ({ ...open, ...seen }),
    send: () => {},
    listen: () => {},
    cut: () => {
      socket.cuts += 1
    },
  }
  return socket
}

describe('the sockets that are held', () => {
  it('are taken once each, open ones of the gate that is asked for', () => {
    const sockets = createSockets()
    const wanted = socketAt(1)
    for (const each of [socketAt(0), socketAt(1, { closeAtMs: 2 }), wanted]) sockets.add('a', each)
    expect(sockets.takeAt('a', 1)).toBe(wanted)
    expect(sockets.of('a')).toHaveLength(2)
    expect(() => sockets.takeAt('a', 1)).toThrow('no socket of a is left at gate 1')
    expect(() => sockets.takeAt('b', 0)).toThrow('no socket of b')
  })

  it('are cut and forgotten by the name of their fleet', () => {
    const sockets = createSockets()
    const [first, second] = [socketAt(0), socketAt(0)]
    sockets.add('a', first)
    sockets.add('b', second)
    sockets.drop('a')
    expect([first.cuts, second.cuts]).toEqual([1, 0])
    expect([sockets.of('a'), sockets.of('b')]).toEqual([[], [second]])
  })

  it('come from addresses of their own', () => {
    const next = createLoopbackAddresses()
    const addresses = Array.from({ length: 70_000 }, next)
    expect(new Set(addresses).size).toBe(70_000)
    expect(addresses[0]).toBe('127.1.0.1')
    expect(addresses.every((address) => /^127\.[1-9]\d*\.\d+\.\d+$/.test(address))).toBe(true)
  })
})
