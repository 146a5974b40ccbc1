// Refresh tokens that all sidecars of one Redis share. A token lies under its hash with a mark once it was used; a used
// one stays until it expires, because who presents it again may have stolen it. Beside it a list per session, which
// bounds how many it may hold.

import { z } from 'zod'
import type { RedisConnection } from '../redis/redis-connection.redis.ts'
import { keyOf } from '../redis/redis-keys.ts'
import { corruptValue } from '../redis/redis-outage.ts'
import { readStored, writeStored } from '../redis/stored-json.ts'
import type { RefreshTokenRecord, RefreshTokenStore } from './refresh-token-store.ts'

export type RedisRefreshTokenOptions = {
  readonly connection: RedisConnection
  readonly prefix: string
  /** Beyond this many a session's oldest used one gives way, or its oldest. */
  readonly maxPerSession: number
  readonly now: () => number
}

// Every field, also an optional one: what is stored and not known here could not be read again.
const recordShape = {
  secretHash: z.string().min(1),
  sessionId: z.string().min(1),
  subject: z.string().min(1),
  sessionSecretHash: z.string().min(1),
  expiresAtMs: z.number().finite(),
} satisfies Record<keyof RefreshTokenRecord, z.ZodType>

const recordSchema: z.ZodType<RefreshTokenRecord> = z.strictObject(recordShape)

/** A store whose bound, beyond that of a session, is the memory of Redis. */
export function createRedisRefreshTokenStore(options: RedisRefreshTokenOptions): RefreshTokenStore {
  const { connection, maxPerSession, now } = options
  const base = `${options.prefix}:{refresh}`
  const tokenKeys = `${base}:token:`
  const create = connection.script('refreshTokenCreate', createScript)
  const redeem = connection.script('refreshTokenRedeem', redeemScript)

  return {
    async create(record) {
      const { secretHash, sessionId, expiresAtMs } = record
      const lifeMs = Math.ceil(expiresAtMs) - Math.floor(now())
      if (lifeMs <= 0) return
      await create(
        [`${tokenKeys}${secretHash}`, `${base}:session:${keyOf(sessionId)}`],
        [writeStored(record), lifeMs, secretHash, maxPerSession, tokenKeys],
      )
    },
    async redeem(secretHash) {
      const reply = await redeem([`${tokenKeys}${secretHash}`], [])
      if (reply === null) return undefined
      const parsed = z.tuple([z.string().nullable(), z.number()]).safeParse(reply)
      if (!parsed.success) throw corruptValue()
      const [text, isFirst] = parsed.data
      const record = readStored(recordSchema, text)
      if (record.secretHash !== secretHash) throw corruptValue()
      if (record.expiresAtMs <= now()) return undefined
      return { outcome: isFirst === 1 ? 'fresh' : 'reused', record }
    },
  }
}

/**
 * KEYS: token, the session's list. ARGV: text, life, hash, how many, what stands before a hash in a token's key. Names
 * of keys are made here, from the list: all have one hash tag, so they lie where the named ones do.
 */
const createScript = `#!lua
local live = {}
local oldestUsed
for _, hash in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  local key = ARGV[5] .. hash
  if redis.call('EXISTS', key) == 1 then
    live[#live + 1] = hash
    if not oldestUsed and redis.call('HEXISTS', key, 'used') == 1 then oldestUsed = hash end
  end
end
local lifeMs = math.max(tonumber(ARGV[2]), redis.call('PTTL', KEYS[2]))
local leaving = #live >= tonumber(ARGV[4]) and (oldestUsed or live[1])
redis.call('HSET', KEYS[1], 'record', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('DEL', KEYS[2])
for _, hash in ipairs(live) do
  if hash == leaving then
    redis.call('DEL', ARGV[5] .. hash)
  else
    redis.call('RPUSH', KEYS[2], hash)
  end
end
redis.call('RPUSH', KEYS[2], ARGV[3])
redis.call('PEXPIRE', KEYS[2], lifeMs)
return 1`

/** KEYS: token. The text, and 1 for the first who asks; nothing when there is none. */
const redeemScript = `#!lua
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
return { redis.call('HGET', KEYS[1], 'record'), redis.call('HSETNX', KEYS[1], 'used', '1') }`
