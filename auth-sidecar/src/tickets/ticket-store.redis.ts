// Tickets that all sidecars of one Redis share. A ticket lies under its own hash, and to take it is to delete it: one
// command, and of any number at once one gets it. Beside it a list per session, which bounds how many it may hold.

import { generationSchema, tokenFactsSchema } from '@sallyport/contracts/identity-schema'
import { z } from 'zod'
import type { Authority } from '../authority/authority.ts'
import type { RedisConnection } from '../redis/redis-connection.redis.ts'
import { keyOfAll } from '../redis/redis-keys.ts'
import { corruptValue } from '../redis/redis-outage.ts'
import { readStored, writeStored } from '../redis/stored-json.ts'
import type { TicketRecord, TicketStore } from './ticket-store.ts'

export type RedisTicketStoreOptions = {
  readonly connection: RedisConnection
  readonly prefix: string
  /** Beyond this many a session's oldest live ticket gives way. */
  readonly maxPerSession: number
  readonly now: () => number
}

export type RedisTicketStore = TicketStore & {
  /** Tickets issued here that nobody redeemed here and that have not expired; for metrics. */
  readonly size: () => number
}

// Every field, also an optional one: what is stored and not known here could not be read again.
const authorityShape = {
  issuer: z.string().min(1),
  subject: z.string().min(1),
  username: z.string(),
  sessionId: z.string().min(1),
  generation: generationSchema,
  expiresAtMs: z.number().finite(),
  token: tokenFactsSchema.exactOptional(),
  groups: z.array(z.string()),
  scopes: z.array(z.string()),
  claims: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
} satisfies Record<keyof Authority, z.ZodType>

const authoritySchema: z.ZodType<Authority> = z.strictObject(authorityShape)

const ticketShape = {
  secretHash: z.string().min(1),
  authority: authoritySchema,
  origin: z.string().optional(),
  route: z.string().min(1),
  expiresAtMs: z.number().finite(),
} satisfies Record<keyof TicketRecord, z.ZodType>

const ticketSchema = z.strictObject(ticketShape)

/** A store whose bound, beyond that of a session, is the memory of Redis: when that is full, a new ticket is an outage. */
export function createRedisTicketStore(options: RedisTicketStoreOptions): RedisTicketStore {
  const { connection, maxPerSession, now } = options
  const base = `${options.prefix}:{tickets}`
  const ticketKeys = `${base}:ticket:`
  const create = connection.script('ticketCreate', createScript)
  const issued = new Map<string, number>()

  // In order of issue, which is nearly that of expiry: what is behind one that lives longer is dropped with it.
  function dropExpired(nowMs: number): void {
    for (const [secretHash, expiresAtMs] of issued) {
      if (expiresAtMs > nowMs) return
      issued.delete(secretHash)
    }
  }

  return {
    async create(record) {
      const { secretHash, authority, expiresAtMs } = record
      const nowMs = Math.floor(now())
      const lifeMs = Math.ceil(expiresAtMs) - nowMs
      if (lifeMs <= 0) return
      const listKey = `${base}:session:${keyOfAll(authority.issuer, authority.sessionId)}`
      await create(
        [`${ticketKeys}${secretHash}`, listKey],
        [writeStored(record), lifeMs, secretHash, maxPerSession, ticketKeys],
      )
      dropExpired(nowMs)
      issued.set(secretHash, expiresAtMs)
    },
    async redeem(secretHash) {
      const text = await connection.run((client) => client.getdel(`${ticketKeys}${secretHash}`))
      issued.delete(secretHash)
      if (text === null) return undefined
      const { origin, ...record } = readStored(ticketSchema, text)
      if (record.secretHash !== secretHash) throw corruptValue()
      return record.expiresAtMs > now() ? { ...record, origin } : undefined
    },
    size() {
      dropExpired(now())
      return issued.size
    },
  }
}

/**
 * KEYS: ticket, the session's list. ARGV: text, life, hash, how many, what stands before a hash in a ticket's key.
 * Names of keys are made here, from the list: all have one hash tag, so they lie where the named ones do.
 */
const createScript = `#!lua
local live = {}
for _, hash in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  if redis.call('EXISTS', ARGV[5] .. hash) == 1 then live[#live + 1] = hash end
end
local lifeMs = math.max(tonumber(ARGV[2]), redis.call('PTTL', KEYS[2]))
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[2])
for index, hash in ipairs(live) do
  if #live - index + 2 > tonumber(ARGV[4]) then
    redis.call('DEL', ARGV[5] .. hash)
  else
    redis.call('RPUSH', KEYS[2], hash)
  end
end
redis.call('RPUSH', KEYS[2], ARGV[3])
redis.call('PEXPIRE', KEYS[2], lifeMs)
return 1`
