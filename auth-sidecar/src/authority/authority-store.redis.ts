// Authority that all sidecars of one Redis share. The rules are those of the memory store; here they are applied to what
// was read, and written only if nobody changed anything meanwhile. Events go the same way for everybody, this sidecar
// included: through the stream, in its order.

import { join } from 'node:path'
import type { Log } from '@sallyport/service-kit/log'
import type { RedisConnection } from '../redis/redis-connection.redis.ts'
import { createSeenPositions } from '../redis/seen-positions.ts'
import type { EventSigner } from '../redis/signed-event.ts'
import { createAuthorityFollower } from './authority-follower.redis.ts'
import { createHeadKeeper } from './authority-head.redis.ts'
import { createAuthorityLog } from './authority-log.redis.ts'
import type { AuthorityEventSink, AuthorityStore } from './authority-store.ts'
import { createChangeMaker } from './make-changes.redis.ts'
import { createAuthorityReader } from './read-authority.redis.ts'

export type RedisAuthorityOptions = {
  readonly connection: RedisConnection
  /** A connection of its own, for what is published. */
  readonly subscriber: RedisConnection
  readonly prefix: string
  /** Whose tokens carry generations; all others are judged by when they were issued as well. */
  readonly builtInIssuer: string
  /** How long a record must be kept: the longest life of anything derived from a session. */
  readonly recordLifeMs: number
  /** Believes what every sidecar of this Redis signs. */
  readonly signer: EventSigner
  readonly sink: AuthorityEventSink
  readonly now: () => number
  readonly log: Log
  /** Where it is remembered how far the stream was seen; without one a restart forgets it. */
  readonly stateDirectory?: string | undefined
  /** Told of lines in the stream and the channel that no sidecar wrote. */
  readonly onForged?: (count: number) => void
  readonly maxEvents?: number
  readonly pollIntervalMs?: number
}

const positionFile = 'redis-position.json'

/** Opens the store; resolves when it follows, or when it cannot yet. Closes neither connection. */
export async function openRedisAuthorityStore(
  options: RedisAuthorityOptions,
): Promise<AuthorityStore> {
  const { connection, prefix, now, log, stateDirectory } = options
  const { maxEvents = 10_000, pollIntervalMs = 1000 } = options
  const onForged = reportForged(options)
  const seen = createSeenPositions({
    file: stateDirectory === undefined ? undefined : join(stateDirectory, positionFile),
    onFault: (reason) => log.warn({ reason }, `${positionFile} cannot be used`),
  })
  const records = createAuthorityLog({ connection, prefix, maxEvents })
  const heads = createHeadKeeper({ log, records, seen, now })
  const parts = { records, heads, seen }
  const follower = createAuthorityFollower({ ...options, ...parts, pollIntervalMs, onForged })
  const changes = createChangeMaker({ ...options, ...parts, onCommitted: follower.offer })
  await follower.catchUp()

  return {
    current: createAuthorityReader({ ...options, records, heads }),
    apply: changes.apply,
    isFollowing: follower.isFollowing,
    async close() {
      await changes.close()
      follower.close()
      await seen.close()
    },
  }
}

const reportIntervalMs = 10_000

/** Whoever can write there can write often: one line says it as well as thousands. */
function reportForged({ log, onForged, now }: RedisAuthorityOptions): (count: number) => void {
  let quietUntilMs = 0
  let untold = 0
  return (count) => {
    onForged?.(count)
    untold += count
    if (now() < quietUntilMs) return
    log.warn({ count: untold }, 'events that no sidecar wrote: somebody else can write to Redis')
    quietUntilMs = now() + reportIntervalMs
    untold = 0
  }
}
