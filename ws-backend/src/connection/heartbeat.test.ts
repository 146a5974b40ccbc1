import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startHeartbeat } from './heartbeat.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function start(isHeld = () => false) {
  const pings: string[] = []
  const onLost = vi.fn()
  const onFlood = vi.fn()
  const heartbeat = startHeartbeat(1000, {
    isHeld,
    beat: (payload) => pings.push(payload),
    onLost,
    onFlood,
  })
  return { heartbeat, pings, onLost, onFlood }
}

describe('heartbeat', () => {
  it('R0.10 keeps who echoes each ping', () => {
    const { heartbeat, pings, onLost } = start()
    for (let beat = 0; beat < 10; beat += 1) {
      vi.advanceTimersByTime(1000)
      heartbeat.answered(pings.at(-1) ?? '')
    }
    expect(pings).toHaveLength(10)
    expect(new Set(pings).size).toBe(10)
    expect(onLost).not.toHaveBeenCalled()
  })

  it('R0.10 LIM-6 W64 loses who only sends pongs of its own, or echoes an old ping', () => {
    const { heartbeat, pings, onLost } = start()
    vi.advanceTimersByTime(1000)
    heartbeat.answered(pings[0] ?? '')
    for (let second = 0; second < 3; second += 1) {
      vi.advanceTimersByTime(1000)
      heartbeat.answered('')
      heartbeat.answered(pings[0] ?? '')
    }
    expect(onLost).toHaveBeenCalledTimes(1)
  })

  it('RX.11 LIM-4 W64 reports a flood of pongs once, and forgives a few in every interval', () => {
    const { heartbeat, onFlood } = start()
    for (let pong = 0; pong < 49; pong += 1) heartbeat.answered('')
    vi.advanceTimersByTime(1000)
    for (let pong = 0; pong < 49; pong += 1) heartbeat.answered('')
    expect(onFlood).not.toHaveBeenCalled()
    for (let pong = 0; pong < 500; pong += 1) heartbeat.answered('')
    expect(onFlood).toHaveBeenCalledTimes(1)
  })

  it('leaves beats out while nothing may be sent, and gives nobody up for them', () => {
    let isHeld = false
    const { heartbeat, pings, onLost } = start(() => isHeld)
    vi.advanceTimersByTime(2000)
    isHeld = true
    vi.advanceTimersByTime(60_000)
    expect([pings.length, onLost.mock.calls.length]).toEqual([2, 0])
    isHeld = false
    heartbeat.answered(pings.at(-1) ?? '')
    vi.advanceTimersByTime(2000)
    expect([pings.length, onLost.mock.calls.length]).toEqual([4, 0])
  })
})
