// Whether the Redis that answered still holds all it ever held. When its head is missing, damaged, or further back than
// was seen, nobody knows which revocations went with it: a new epoch begins, and everything issued before is refused.

import { randomBytes } from 'node:crypto'
import type { Log } from '@sallyport/service-kit/log'
import { RedisOutage } from '../redis/redis-outage.ts'
import { isBehind, type SeenPositions } from '../redis/seen-positions.ts'
import type { AuthorityLog, RawHead } from './authority-log.redis.ts'
import type { FeedPosition } from './authority-store.ts'

/** A head that can be relied on. */
export type AuthorityHead = {
  readonly position: FeedPosition
  readonly epochStartMs: number
  readonly line: string | undefined
  readonly raw: RawHead
}

export type HeadKeeper = {
  /** Asks until the answer comes with a head to rely on; begins a new epoch where there is none. */
  readonly reliable: <Reply extends { readonly head: RawHead }>(
    ask: () => Promise<Reply>,
  ) => Promise<{ readonly head: AuthorityHead; readonly reply: Reply }>
  /** Begins a new epoch unless somebody else did meanwhile. */
  readonly renew: (head: RawHead, reason: string) => Promise<void>
}

export type HeadKeeperDeps = {
  readonly log: Log
  readonly records: Pick<AuthorityLog, 'renew'>
  readonly seen: SeenPositions
  readonly now: () => number
}

const maxAttempts = 5

/** Judges heads by what was seen before they were asked for. */
export function createHeadKeeper({ log, records, seen, now }: HeadKeeperDeps): HeadKeeper {
  async function renew(head: RawHead, reason: string): Promise<void> {
    const epoch = randomBytes(9).toString('base64url')
    await records.renew(head, epoch, Math.trunc(now()))
    log.warn({ reason }, 'a new epoch of authority: what was issued before is refused')
  }

  return {
    renew,
    async reliable(ask) {
      for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
        // What is seen while the answer is on its way may be newer than the answer, and proves nothing against it.
        const seenBefore = seen.all()
        const reply = await ask()
        const head = readHead(reply.head)
        const isLost = !head || isBehind(head.position, seenBefore)
        if (!isLost) {
          seen.note(head.position)
          return { head, reply }
        }
        await renew(reply.head, lossOf(reply.head, head))
      }
      throw new RedisOutage('unsettled')
    },
  }
}

function lossOf(raw: RawHead, head: AuthorityHead | undefined): string {
  if (head) return 'the store went back'
  return raw.epoch === null && raw.sequence === null ? 'the store is empty' : 'the store is damaged'
}

function readHead(raw: RawHead): AuthorityHead | undefined {
  const { epoch, sequence, startedAtMs } = raw
  if (epoch === null || !/^[A-Za-z0-9_-]{1,64}$/.test(epoch)) return undefined
  if (sequence === null || !/^\d{1,15}$/.test(sequence)) return undefined
  if (startedAtMs === null || !/^\d{1,15}$/.test(startedAtMs)) return undefined
  return {
    position: { epoch, sequence: Number(sequence) },
    epochStartMs: Number(startedAtMs),
    line: raw.line ?? undefined,
    raw,
  }
}
