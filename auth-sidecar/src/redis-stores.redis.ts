// Everything the sidecar keeps in Redis, over two connections: one that asks, one that listens. The only place that
// knows how the stores share them.

import { redisPrefixForm, redisPrefixRule } from '@sallyport/contracts/redis-acl'
import type { Log } from '@sallyport/service-kit/log'
import { openRedisAuthorityStore } from './authority/authority-store.redis.ts'
import type { AuthorityEventSink, AuthorityStore } from './authority/authority-store.ts'
import { type RedisAttemptLimiter, redisAttemptLimiters } from './limits/attempt-limiter.redis.ts'
import { parseRedisAddress } from './redis/redis-address.ts'
import { openRedisConnection } from './redis/redis-connection.redis.ts'
import type { EventSigner } from './redis/signed-event.ts'
import { createRedisRefreshTokenStore } from './refresh-tokens/refresh-token-store.redis.ts'
import type { RefreshTokenStore } from './refresh-tokens/refresh-token-store.ts'
import { createRedisSessionStore } from './sessions/session-store.redis.ts'
import type { SessionStore } from './sessions/session-store.ts'
import { createRedisTicketStore, type RedisTicketStore } from './tickets/ticket-store.redis.ts'

export type RedisStoresOptions = {
  /** `redis://user@host:port/0` or `rediss://…`, without a password. */
  readonly url: string
  readonly password: string | undefined
  /** In front of every key and channel. */
  readonly prefix: string
  readonly builtInIssuer: string
  /** The longest life of anything that can be revoked. */
  readonly recordLifeMs: number
  /** Signs events; the same on every sidecar of this Redis. */
  readonly signer: EventSigner
  readonly sink: AuthorityEventSink
  readonly now: () => number
  readonly log: Log
  readonly maxTicketsPerSession: number
  /** Where it is remembered how far events were seen; without one a restart forgets it. */
  readonly stateDirectory?: string
  /** Told of events that no sidecar wrote. */
  readonly onForged?: (count: number) => void
}

export type RedisStores = {
  readonly authorities: AuthorityStore
  readonly sessions: SessionStore
  readonly tickets: RedisTicketStore
  readonly refreshTokens: RefreshTokenStore
  /** A limiter of so many attempts a minute; those of one name count together, on all sidecars. */
  readonly attempts: (limit: number, name?: string) => RedisAttemptLimiter
  /** Redis can be used, and changes made by others are seen. */
  readonly isReady: () => boolean
  readonly close: () => Promise<void>
}

const minuteMs = 60_000
/** A window takes about 200 bytes of Redis; a flood of addresses costs no more than these. */
const maxCountedKeys = 50_000

/**
 * Opens the stores. Rejects, with a sentence that says what to do, when the settings or the Redis itself would have to
 * be changed; resolves, not ready, when Redis cannot be reached.
 */
export async function openRedisStores(options: RedisStoresOptions): Promise<RedisStores> {
  const { prefix, password, now, log } = options
  const address = parseRedisAddress(options.url)
  if (!address.ok) throw new Error(`the URL of Redis ${address.error}`)
  if (!redisPrefixForm.test(prefix)) throw new Error(`the prefix in Redis ${redisPrefixRule}`)
  const open = (name: string) =>
    openRedisConnection({ address: address.value, password, name, log })
  const connection = await open('sallyport-sidecar')
  const subscriber = await open('sallyport-sidecar-events').catch(async (error: unknown) => {
    await connection.close()
    throw error
  })
  const authorities = await openRedisAuthorityStore({ ...options, connection, subscriber })
  const shared = { connection, prefix, now }
  const limiters = redisAttemptLimiters({ ...shared, windowMs: minuteMs, maxKeys: maxCountedKeys })

  return {
    authorities,
    sessions: createRedisSessionStore(shared),
    tickets: createRedisTicketStore({ ...shared, maxPerSession: options.maxTicketsPerSession }),
    refreshTokens: createRedisRefreshTokenStore(shared),
    attempts: (limit, name = '') => limiters(name, limit),
    isReady: () => connection.isReady() && authorities.isFollowing(),
    async close() {
      await authorities.close()
      await Promise.all([connection.close(), subscriber.close()])
    },
  }
}
