// Follows the stream of events and tells a sink, strictly by number and nothing twice: published lines for speed, the
// stream itself at every (re)connect, on any gap, and every second whatever happens. While it cannot see the stream it
// says so at once. Knows no rule about authority; believes a line by its signature only.

import type { Log } from '@sallyport/service-kit/log'
import { type Cursor, readStream, type StreamReading } from '../redis/read-stream.ts'
import type { RedisConnection } from '../redis/redis-connection.redis.ts'
import { outageOf } from '../redis/redis-outage.ts'
import { repeatReading } from '../redis/repeated-reading.ts'
import type { SeenPositions } from '../redis/seen-positions.ts'
import type { EventSigner } from '../redis/signed-event.ts'
import type { HeadKeeper } from './authority-head.redis.ts'
import type { AuthorityLog } from './authority-log.redis.ts'
import type { AuthorityEventSink } from './authority-store.ts'

export type FollowerDeps = {
  readonly connection: RedisConnection
  /** A connection of its own, for what is published. */
  readonly subscriber: RedisConnection
  readonly records: Pick<AuthorityLog, 'channel' | 'readFrom'>
  readonly heads: HeadKeeper
  readonly signer: EventSigner
  readonly seen: SeenPositions
  readonly sink: AuthorityEventSink
  readonly pollIntervalMs: number
  /** Told of lines that no sidecar wrote. */
  readonly onForged: (count: number) => void
  readonly log: Log
}

export type AuthorityFollower = {
  /** Hands in a line that may be the next one. */
  readonly offer: (line: string) => void
  /** Reads the stream to its end; resolves also when that cannot be done. */
  readonly catchUp: () => Promise<void>
  readonly isFollowing: () => boolean
  readonly close: () => void
}

/** Follows as soon as both connections are ready. */
export function createAuthorityFollower(deps: FollowerDeps): AuthorityFollower {
  const { signer } = deps
  let isClosed = false
  const teller = createTeller(deps)
  const forged = countOnce(deps.onForged)
  const readOnce = createReading(deps, teller, forged.countIds)
  const reading = repeatReading({
    readOnce,
    onFailure: (error) => {
      if (!isClosed) teller.lose(outageOf(error).code)
    },
    intervalMs: deps.pollIntervalMs,
  })

  function offer(line: string): void {
    const signed = signer.open(line)
    if (!signed) return forged.count(1)
    const { epoch, event } = signed
    const cursor = teller.cursor()
    if (cursor?.epoch === epoch && event.sequence <= cursor.sequence) return
    const isNext = cursor?.epoch === epoch && event.sequence === cursor.sequence + 1
    if (isNext && teller.isFollowing()) teller.deliver([{ event, line }])
    else void reading.now()
  }

  for (const connection of [deps.connection, deps.subscriber]) {
    connection.onReadiness((isReady) => {
      if (isReady) void reading.now()
      else if (!isClosed) teller.lose('disconnected')
    })
  }
  deps.subscriber.onMessage(offer)

  return {
    offer,
    catchUp: reading.now,
    isFollowing: () => teller.isFollowing() && !isClosed,
    close() {
      isClosed = true
      reading.close()
      teller.leave()
    },
  }
}

type Teller = ReturnType<typeof createTeller>

/** What the sink was told, so that it is told everything once and in order. */
function createTeller({ sink, seen, log }: Pick<FollowerDeps, 'sink' | 'seen' | 'log'>) {
  let cursor: Cursor | undefined
  let isFollowing = false
  let toldCode: string | undefined

  /** Without a word in the log: nothing is wrong. */
  function leave(): void {
    if (!isFollowing) return
    isFollowing = false
    sink.lose()
  }

  return {
    cursor: () => cursor,
    isFollowing: () => isFollowing,
    /** Goes on from a place: that of the cursor when nothing was missed. */
    stand(at: Cursor): void {
      cursor = at
      if (!isFollowing) log.info({ sequence: at.sequence }, 'changes of authority are followed')
      isFollowing = true
      toldCode = undefined
      sink.follow({ epoch: at.epoch, sequence: at.sequence })
    },
    deliver(events: StreamReading['delivered']): void {
      for (const { event, line } of events) {
        if (!cursor) return
        cursor = { epoch: cursor.epoch, sequence: event.sequence, line }
        seen.note(cursor)
        sink.append(event)
      }
    },
    lose(code: string): void {
      // Also when nothing was followed yet: a right that is missing shows here.
      if (code !== toldCode) {
        log.warn({ code }, 'changes of authority cannot be seen: backends are told nothing')
      }
      toldCode = code
      leave()
    },
    leave,
  }
}

/** Reads a page and tells what it says; true when there is more to read at once. */
function createReading(
  { connection, subscriber, records, heads, signer }: FollowerDeps,
  teller: Teller,
  onForgedIds: (ids: readonly string[]) => void,
): () => Promise<boolean> {
  let isSubscribed = false
  /** Changes whenever a connection is lost: what was asked before says nothing about now. */
  let link = 0
  for (const each of [connection, subscriber]) {
    each.onReadiness((isReady) => {
      if (isReady) return
      link += 1
      if (each === subscriber) isSubscribed = false
    })
  }

  /** Before reading: what comes after the reading is published to us. */
  async function subscribe(): Promise<void> {
    await subscriber.run((client) => client.subscribe(records.channel))
  }

  return async () => {
    if (!connection.isReady() || !subscriber.isReady()) return false
    const ownLink = link
    if (!isSubscribed) await subscribe()
    if (ownLink !== link) return true
    isSubscribed = true
    const asked = teller.cursor() ?? { epoch: '', sequence: 0 }
    const { head, reply } = await heads.reliable(() => records.readFrom(asked.sequence))
    if (ownLink !== link) return true

    const end = { ...head.position, line: head.line }
    const cursor = teller.cursor()
    if (cursor?.epoch !== end.epoch) {
      teller.stand(end)
      return false
    }
    const { delivered, forgedIds, next } = readStream(
      { ...reply, asked, head: end },
      cursor.sequence,
      signer,
    )
    onForgedIds(forgedIds)
    if (next === 'forked') {
      await heads.renew(head.raw, 'the store has another history')
      return true
    }
    if (next !== 'resync' && !teller.isFollowing()) teller.stand(cursor)
    if (teller.isFollowing()) teller.deliver(delivered)
    if (next === 'resync') teller.stand(end)
    return next === 'more'
  }
}

/** The same entry is read at every poll; it is counted once. */
function countOnce(onForged: (count: number) => void) {
  let counted = new Set<string>()
  return {
    count: onForged,
    countIds: (ids: readonly string[]): void => {
      const fresh = ids.filter((id) => !counted.has(id))
      if (fresh.length === 0) return
      if (counted.size > 10_000) counted = new Set()
      for (const id of fresh) counted.add(id)
      onForged(fresh.length)
    },
  }
}
