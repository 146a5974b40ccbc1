import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { startRedis } from '../testing/redis-server.ts'
import { connectTo, readableLog, useRedis } from './testing/redis-fixture.ts'

const redis = useRedis()

describe('a connection to Redis', () => {
  it('W94 refuses every one of many that wait when Redis hangs, within two seconds', async () => {
    const connection = await connectTo(redis())
    redis().pause()
    try {
      const fromMs = performance.now()
      const early = Array.from({ length: 500 }, (_, at) =>
        connection.run((client) => client.get(`early ${at}`)),
      )
      // Those are in a batch that is on its way; these would wait until that has returned.
      await new Promise(setImmediate)
      const late = Array.from({ length: 500 }, (_, at) =>
        connection.run((client) => client.get(`late ${at}`)),
      )
      const settled = await Promise.allSettled([...early, ...late])
      expect(settled.filter(({ status }) => status === 'fulfilled')).toEqual([])
      expect(performance.now() - fromMs).toBeLessThan(2000)
    } finally {
      redis().resume()
    }
    await vi.waitFor(() => expect(connection.isReady()).toBe(true), { timeout: 3000 })
  })

  it('W94 does nothing a second time that was under way when the connection was lost', async () => {
    const connection = await connectTo(redis())
    const keys = Array.from({ length: 1000 }, (_, at) => `once ${at}`)
    let unanswered = 0
    for (let round = 0; round < 20; round += 1) {
      await vi.waitFor(() => expect(connection.isReady()).toBe(true), { timeout: 3000 })
      const own = keys.slice(round * 50, (round + 1) * 50)
      // Both lie before a server that stands still: it does the one, and has no time to answer before the other.
      redis().pause()
      const counted = Promise.allSettled(
        own.map((key) => connection.run((client) => client.incr(key))),
      )
      await new Promise(setImmediate)
      const killed = redis().command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await new Promise(setImmediate)
      redis().resume()
      await killed
      for (const { status } of await counted) unanswered += status === 'rejected' ? 1 : 0
    }
    const counts = (await redis().command('MGET', ...keys)) as readonly (string | null)[]
    expect(new Set(counts.filter((count) => count !== null))).toEqual(new Set(['1']))
    expect(unanswered).toBeGreaterThan(counts.filter((count) => count === null).length)
  })

  it('W94 refuses at once while there is nobody to ask, and tells whoever listens', async () => {
    const connection = await connectTo(redis())
    const told: boolean[] = []
    connection.onReadiness((isReady) => void told.push(isReady))
    await redis().stop()
    await vi.waitFor(() => expect(connection.isReady()).toBe(false))
    const fromMs = performance.now()
    await expect(connection.run((client) => client.get('x'))).rejects.toThrow('cannot be used')
    expect(performance.now() - fromMs).toBeLessThan(50)
    await redis().start()
    await vi.waitFor(() => expect(connection.isReady()).toBe(true), { timeout: 3000 })
    expect(told).toEqual([false, true])
  })

  it('W94 waits for a Redis that is still reading its data', async () => {
    const delays = ['--key-load-delay', '3000', '--loading-process-events-interval-bytes', '1024']
    const slow = await startRedis(delays)
    onTestFinished(slow.close)
    const fill = 'for at = 1, 300 do redis.call("SET", "k" .. at, string.rep("x", 1000)) end'
    await slow.command('EVAL', fill, 0)
    await slow.save()
    const { log, lines } = readableLog()
    const connection = await connectTo(slow, {}, log)
    const restored = slow.restore()
    await vi.waitFor(() => expect(lines.join()).toContain('"reason":"loading"'), { timeout: 5000 })
    await expect(connection.run((client) => client.get('k1'))).rejects.toMatchObject({
      code: 'loading',
    })
    await restored
    await vi.waitFor(() => expect(connection.isReady()).toBe(true), { timeout: 5000 })
  }, 12_000)

  it('W94 is closed without a complaint, and asks nobody any more', async () => {
    const { log, lines } = readableLog()
    const connection = await connectTo(redis(), {}, log)
    await connection.close()
    await connection.close()
    await expect(connection.run((client) => client.get('x'))).rejects.toMatchObject({
      code: 'closed',
    })
    expect(lines.filter((line) => line.includes('"level":"warn"'))).toEqual([])
  })
})
