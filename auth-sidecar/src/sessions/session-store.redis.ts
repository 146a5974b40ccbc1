// Sessions that all sidecars of one Redis share. A session lies under the hash of its secret; beside it, how to find it
// by its public id, and per subject the hashes of its sessions in the order in which they end, which is that of their
// beginning. All have one hash tag, so that one script may touch them; on Redis Cluster they share a shard.

import { generationSchema } from '@sallyport/contracts/identity-schema'
import { z } from 'zod'
import type { RedisConnection } from '../redis/redis-connection.redis.ts'
import { keyOf } from '../redis/redis-keys.ts'
import { corruptValue } from '../redis/redis-outage.ts'
import { readStored, writeStored } from '../redis/stored-json.ts'
import type { SessionRecord, SessionStore } from './session-store.ts'

export type RedisSessionStoreOptions = {
  readonly connection: RedisConnection
  readonly prefix: string
  readonly now: () => number
}

// Every field, also an optional one: what is stored and not known here could not be read again.
const sessionShape = {
  secretHash: z.string().min(1),
  sessionId: z.string().min(1),
  subject: z.string().min(1),
  username: z.string(),
  groups: z.array(z.string()),
  generation: generationSchema,
  device: z.strictObject({
    clientId: z.string(),
    deviceType: z.string(),
    ipAddress: z.string(),
  }),
  userFingerprint: z.string().exactOptional(),
  createdAtMs: z.number().finite(),
  expiresAtMs: z.number().finite(),
} satisfies Record<keyof SessionRecord, z.ZodType>

const sessionSchema: z.ZodType<SessionRecord> = z.strictObject(sessionShape)

/** A store whose bound is the memory of Redis: when that is full, a new session is an outage. */
export function createRedisSessionStore(options: RedisSessionStoreOptions): SessionStore {
  const { connection, now } = options
  const base = `${options.prefix}:{sessions}`
  const secretKey = (secretHash: string) => `${base}:secret:${secretHash}`
  const idKey = (sessionId: string) => `${base}:id:${keyOf(sessionId)}`
  const subjectKeys = `${base}:subject:`
  const subjectKey = (subject: string) => `${subjectKeys}${keyOf(subject)}`
  const create = connection.script('sessionCreate', createScript)
  const remove = connection.script('sessionRemove', removeScript)

  function live(text: string | null, secretHash: string): SessionRecord | undefined {
    if (text === null) return undefined
    const record = readStored(sessionSchema, text)
    if (record.secretHash !== secretHash) throw corruptValue()
    return record.expiresAtMs > now() ? record : undefined
  }

  return {
    async create(record) {
      const { secretHash, sessionId, subject, expiresAtMs } = record
      const nowMs = Math.floor(now())
      const lifeMs = Math.ceil(expiresAtMs) - nowMs
      if (lifeMs <= 0) return
      await create(
        [secretKey(secretHash), idKey(sessionId), subjectKey(subject)],
        [writeStored(record), lifeMs, secretHash, keyOf(subject), Math.ceil(expiresAtMs), nowMs],
      )
    },
    async find(secretHash) {
      return live(await connection.run((client) => client.get(secretKey(secretHash))), secretHash)
    },
    async ofSubject(subject) {
      const hashes = await connection.run((client) => client.zrange(subjectKey(subject), '0', '-1'))
      if (hashes.length === 0) return []
      const texts = await connection.run((client) => client.mget(hashes.map(secretKey)))
      const records = hashes.map((secretHash, index) => live(texts[index] ?? null, secretHash))
      return records
        .filter((record) => record !== undefined)
        .toSorted((a, b) => a.createdAtMs - b.createdAtMs)
    },
    async remove(sessionId) {
      const place = await connection.run((client) => client.get(idKey(sessionId)))
      if (place === null) return
      const [secretHash = '', subjectPart = ''] = place.split(' ')
      await remove(
        [secretKey(secretHash), idKey(sessionId), `${subjectKeys}${subjectPart}`],
        [secretHash],
      )
    },
  }
}

/** KEYS: secret, id, subject. ARGV: text, life, hash of the secret, the subject's part of its key, when it ends, now. */
const createScript = `#!lua
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], ARGV[3] .. ' ' .. ARGV[4], 'PX', ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[6])
redis.call('ZADD', KEYS[3], ARGV[5], ARGV[3])
if redis.call('PTTL', KEYS[3]) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[3], ARGV[2])
end
return 1`

/** KEYS: secret, id, subject. ARGV: hash of the secret. */
const removeScript = `#!lua flags=allow-oom
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[1])
return 1`
