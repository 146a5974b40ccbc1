// Attempts that all sidecars of one Redis count together: a fixed window from the first counted attempt of a key. The
// moment it began lies beside the count, and Redis forgets both with the window. Keys have no hash tag: on Redis Cluster
// they spread.

import { z } from 'zod'
import type { RedisConnection } from '../redis/redis-connection.redis.ts'
import { keyOfAll } from '../redis/redis-keys.ts'
import { corruptValue, RedisOutage } from '../redis/redis-outage.ts'
import type { AttemptLimiterState } from './attempt-limiter.memory.ts'
import type { AttemptCount, AttemptLimiter } from './attempt-limiter.ts'
import { countKeys } from './counted-keys.redis.ts'

export type RedisAttemptLimiterOptions = {
  readonly connection: RedisConnection
  readonly prefix: string
  /** Limiters of one name count together. */
  readonly name: string
  readonly limit: number
  readonly windowMs: number
  /** How many keys this sidecar may leave in Redis at once. */
  readonly maxKeys: number
  readonly now: () => number
}

export type RedisAttemptLimiter = AttemptLimiter & {
  /** Of the keys that were counted here. */
  readonly state: () => AttemptLimiterState
}

/** Makes limiters that share their scripts. */
export function redisAttemptLimiters(
  shared: Pick<
    RedisAttemptLimiterOptions,
    'connection' | 'prefix' | 'windowMs' | 'maxKeys' | 'now'
  >,
): (name: string, limit: number) => RedisAttemptLimiter {
  const { connection } = shared
  const scripts = {
    count: connection.script('attemptCount', countScript),
    giveBack: connection.script('attemptGiveBack', giveBackScript),
  }
  return (name, limit) => createLimiter({ ...shared, name, limit }, scripts)
}

function createLimiter(
  options: RedisAttemptLimiterOptions,
  scripts: Readonly<Record<'count' | 'giveBack', ReturnType<RedisConnection['script']>>>,
): RedisAttemptLimiter {
  const { connection, prefix, name, limit: defaultLimit, windowMs, now } = options
  const counted = countKeys(options.maxKeys, now)
  const redisKey = (key: string) => `${prefix}:attempts:${keyOfAll(name, key)}`

  /** Count and beginning as they lie there; undefined when there is none or it is damaged. */
  async function readFields(place: string) {
    try {
      return await connection.run((client) => client.hmget(place, 'count', 'startedAtMs'))
    } catch (error) {
      if (error instanceof RedisOutage && error.code === 'WRONGTYPE') return undefined
      throw error
    }
  }

  const limiter: RedisAttemptLimiter = {
    async count(key, limit = defaultLimit) {
      const place = redisKey(key)
      const nowMs = Math.floor(now())
      const reply = await scripts.count([place], [limit, windowMs, nowMs])
      const { isAllowed, count, leftMs } = readCount(reply)
      const window = { isNew: count === 1, isSpent: count >= limit, endsAtMs: nowMs + leftMs }
      const forgotten = counted.note(place, window)
      // Whether it is gone decides nothing here: it goes with its window at the latest.
      if (forgotten) connection.run((client) => client.unlink(forgotten)).catch(() => undefined)
      return isAllowed ? { allowed: true } : refused(leftMs)
    },
    async peek(key, limit = defaultLimit) {
      const fields = await readFields(redisKey(key))
      if (fields?.every((field) => field === null)) return { allowed: true }
      const window = windowFields.safeParse(fields)
      // Counting heals it, and counts nothing: a window that is only looked at would be damaged for good.
      if (!window.success) return limiter.count(key, limit)
      const [count, startedAtMs] = window.data
      const leftMs = Math.min(windowMs, startedAtMs + windowMs - now())
      return leftMs <= 0 || count < limit ? { allowed: true } : refused(leftMs)
    },
    async giveBack(key) {
      await scripts.giveBack([redisKey(key)], [windowMs, Math.floor(now())])
    },
    state: counted.state,
  }
  return limiter
}

const wholeText = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
const windowFields = z.tuple([wholeText, wholeText])
const countReply = z.tuple([z.number(), z.number(), z.number()])

function readCount(reply: unknown) {
  const parsed = countReply.safeParse(reply)
  if (!parsed.success) throw corruptValue()
  const [allowed, count, leftMs] = parsed.data
  return { isAllowed: allowed === 1, count, leftMs }
}

function refused(leftMs: number): AttemptCount {
  return { allowed: false, retryAfterSeconds: Math.max(1, Math.ceil(leftMs / 1000)) }
}

/**
 * Reads the window; one that began in the future, by another sidecar's clock, ends no later than if it began now.
 * `isDamaged`: a field is missing or no number of ours, Redis would never forget it, or it is no window at all.
 */
const readWindow = `
local function whole(text)
  return text and #text <= 15 and string.match(text, '^%d+$') and tonumber(text) or nil
end
local fields = redis.pcall('HMGET', KEYS[1], 'count', 'startedAtMs')
if fields.err and string.sub(fields.err, 1, 9) ~= 'WRONGTYPE' then return fields end
local count, startedAtMs = whole(fields[1]), whole(fields[2])
local isThere = fields.err or fields[1] or fields[2]
local isDamaged = isThere and not (count and startedAtMs and redis.call('PTTL', KEYS[1]) >= 0)`

/**
 * KEYS: window. ARGV: limit, length of a window, now. Whether it is allowed, the count, how long the window lasts. One
 * that is damaged is spent, beyond every limit, and ends a window from now: nobody knows how much of it was left.
 */
const countScript = `#!lua
${readWindow}
local windowMs, nowMs = tonumber(ARGV[2]), tonumber(ARGV[3])
if isDamaged then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'count', '999999999', 'startedAtMs', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return { 0, 999999999, windowMs }
end
local leftMs = startedAtMs and math.min(windowMs, startedAtMs + windowMs - nowMs) or 0
if leftMs <= 0 then
  redis.call('HSET', KEYS[1], 'count', '1', 'startedAtMs', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return { 1, 1, windowMs }
end
if count >= tonumber(ARGV[1]) then return { 0, count, leftMs } end
redis.call('HINCRBY', KEYS[1], 'count', 1)
return { 1, count + 1, leftMs }`

/** KEYS: window. ARGV: length of a window, now. */
const giveBackScript = `#!lua
${readWindow}
if isDamaged or not count or count <= 0 then return 0 end
if startedAtMs + tonumber(ARGV[1]) <= tonumber(ARGV[2]) then return 0 end
redis.call('HINCRBY', KEYS[1], 'count', -1)
return 1`
