// What tests of the stores in Redis share: a server for a file, connections and prefixes for a test, a log that can be
// read. Everything is closed when its test or its file is done.

import { createLog } from '@sallyport/service-kit/log'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { startRedis, type TestRedis } from '../../testing/redis-server.ts'
import { parseRedisAddress } from '../redis-address.ts'
import { openRedisConnection, type RedisConnection } from '../redis-connection.redis.ts'

/** A server for all tests of a file; call it in no test. */
export function useRedis(): () => TestRedis {
  let redis: TestRedis | undefined
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis?.close())
  return () => {
    if (!redis) throw new Error('redis-server has not been started')
    return redis
  }
}

let prefixes = 0

/** A prefix that no other test of the file has. */
export function freshPrefix(): string {
  prefixes += 1
  return `test-${prefixes}`
}

/** A log, and the lines that were written to it. */
export function readableLog() {
  const lines: string[] = []
  const write = (line: string) => void lines.push(line)
  return { log: createLog('test', 'debug', { write }), lines }
}

export type Credentials = { readonly user?: string; readonly password?: string }

/** Opens a connection that is closed with its test. */
export async function connectTo(
  redis: Pick<TestRedis, 'url'>,
  { user, password }: Credentials = {},
  log = readableLog().log,
): Promise<RedisConnection> {
  const address = parseRedisAddress(redis.url(user))
  if (!address.ok) throw new Error(address.error)
  const options = { address: address.value, password, name: 'test', log }
  const connection = await openRedisConnection(options)
  onTestFinished(connection.close)
  return connection
}

/** The real clock, moved on by hand: Redis itself forgets by a clock that nobody moves. */
export function movableClock() {
  let aheadMs = 0
  return {
    now: () => fromMs + aheadMs,
    advanceMs: async (byMs: number) => {
      aheadMs += byMs
    },
  }
}

/** Stands still, so that tests can name moments to the millisecond. */
const fromMs = Date.now()
