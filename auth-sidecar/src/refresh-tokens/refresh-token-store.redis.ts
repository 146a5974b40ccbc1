// Families of refresh tokens that all sidecars of one Redis share. A family is one key: its record, and beside that the
// hash of the current token's secret, which is all that a renewal changes.

import { z } from 'zod'
import type { RedisConnection } from '../redis/redis-connection.redis.ts'
import { corruptValue } from '../redis/redis-outage.ts'
import { readStored, writeStored } from '../redis/stored-json.ts'
import type { RefreshTokenRecord, RefreshTokenStore } from './refresh-token-store.ts'

export type RedisRefreshTokenOptions = {
  readonly connection: RedisConnection
  readonly prefix: string
  readonly now: () => number
}

type StoredFamily = Omit<RefreshTokenRecord, 'secretHash'>

// Every field, also an optional one: what is stored and not known here could not be read again.
const familyShape = {
  familyHash: z.string().min(1),
  sessionId: z.string().min(1),
  subject: z.string().min(1),
  sessionSecretHash: z.string().min(1),
  expiresAtMs: z.number().finite(),
} satisfies Record<keyof StoredFamily, z.ZodType>

const familySchema: z.ZodType<StoredFamily> = z.strictObject(familyShape)
const replySchema = z.tuple([z.number(), z.string(), z.string()])

/** A store whose bound is the memory of Redis: when that is full, a new family is an outage. */
export function createRedisRefreshTokenStore(options: RedisRefreshTokenOptions): RefreshTokenStore {
  const { connection, now } = options
  const keyOfFamily = (familyHash: string) => `${options.prefix}:{refresh}:family:${familyHash}`
  const create = connection.script('refreshTokenCreate', createScript)
  const rotate = connection.script('refreshTokenRotate', rotateScript)

  function live(text: string, secretHash: string, of: string): RefreshTokenRecord | undefined {
    const family = readStored(familySchema, text)
    if (family.familyHash !== of) throw corruptValue()
    return family.expiresAtMs > now() ? { ...family, secretHash } : undefined
  }

  return {
    async create({ secretHash, ...family }) {
      const lifeMs = Math.ceil(family.expiresAtMs) - Math.floor(now())
      if (lifeMs <= 0) return
      await create([keyOfFamily(family.familyHash)], [writeStored(family), secretHash, lifeMs])
    },
    async find(familyHash) {
      const [text = null, secretHash = null] = await connection.run((client) =>
        client.hmget(keyOfFamily(familyHash), 'record', 'secret'),
      )
      if (text === null && secretHash === null) return undefined
      if (text === null || secretHash === null) throw corruptValue()
      return live(text, secretHash, familyHash)
    },
    async rotate({ familyHash, secretHash, nextSecretHash }) {
      const reply = await rotate([keyOfFamily(familyHash)], [secretHash, nextSecretHash])
      if (reply === null) return undefined
      const parsed = replySchema.safeParse(reply)
      if (!parsed.success) throw corruptValue()
      const [isFresh, text, current] = parsed.data
      const record = live(text, current, familyHash)
      return record && { outcome: isFresh === 1 ? 'fresh' : 'reused', record }
    },
  }
}

/** KEYS: family. ARGV: text, hash of the secret, life. */
const createScript = `#!lua
redis.call('HSET', KEYS[1], 'record', ARGV[1], 'secret', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`

/**
 * KEYS: family. ARGV: hash of the presented secret, hash of the next. 1 for the one who replaced it, the text, the hash
 * that is current now; nothing when there is no such family. The key's end stays where it is.
 */
const rotateScript = `#!lua
local held = redis.call('HMGET', KEYS[1], 'record', 'secret')
if not held[1] and not held[2] then return false end
if held[2] ~= ARGV[1] then return { 0, held[1], held[2] } end
redis.call('HSET', KEYS[1], 'secret', ARGV[2])
return { 1, held[1], ARGV[2] }`
