// Applies authority to sockets: registers, then asks again (so that nothing falls between "verified" and
// "registered"), ends what the feeds name, and asks about everybody when they cannot tell what was missed.

import type { CloseName } from '@sallyport/contracts/close-codes'
import type { Identity } from '@sallyport/contracts/identity'
import type { Log } from '@sallyport/service-kit/log'
import type { ConnectionRegistry } from '../connection/connection-registry.ts'
import type { Connection } from '../connection/connection-types.ts'
import { type AuthorityOutcome, createApplyOutcome } from './apply-outcome.ts'
import { createAskAbout, endingOf } from './ask-about.ts'
import type { AuthorityLink } from './authority-link.ts'
import { createEndMany } from './end-many.ts'

export type LiveConnection = Pick<
  Connection,
  | 'id'
  | 'identity'
  | 'confirm'
  | 'expireIfDue'
  | 'end'
  | 'endByOperator'
  | 'endWithin'
  | 'extendUntil'
  | 'markDead'
  | 'sayGoodbye'
>

type LiveAuthorityDeps<T extends LiveConnection> = {
  readonly registry: Omit<ConnectionRegistry<T>, 'remove' | 'size' | 'empty'>
  readonly check: AuthorityLink['check']
  /** Nothing was heard of what ends for so long that no socket may live. */
  readonly isTooBlind: () => boolean
  /** Bounds what a lost event can cost, in milliseconds. */
  readonly recheckIntervalMs: number
  /** Whom an outcome ends at once is dead, `durationMs` after it was told. */
  readonly onApplied: (type: AuthorityOutcome['type'], durationMs: number) => void
  /** Everybody was asked about. */
  readonly onRound: (durationMs: number) => void
  /** Calls back once the event loop has looked after everything else. */
  readonly nextTurn: (callback: () => void) => void
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  /** Yields [0, 1). */
  readonly random: () => number
  readonly log: Log
}

/** How many overdue sockets are looked for in one turn of the event loop. */
const reviewedPerTurn = 100

/** Builds the judge of live sockets and starts its periodic question. */
export function createLiveAuthority<T extends LiveConnection>(deps: LiveAuthorityDeps<T>) {
  const { registry, check, nextTurn, now, log } = deps
  const stopping = new AbortController()
  const stopped = stopping.signal
  const endMany = createEndMany(nextTurn)
  const { askAbout, askAboutAll } = createAskAbout({ ...deps, endMany, stopped })
  const applyOutcome = createApplyOutcome({ registry, endMany, askAbout, askAboutAll, stopped })
  const recheck = setInterval(() => {
    reviewFrom(registry.all(), 0)
    void askAboutAll()
  }, deps.recheckIntervalMs)

  /** Timers stand still while the machine sleeps: whoever is overdue by the wall clock ends here at the latest. */
  function reviewFrom(connections: readonly T[], from: number): void {
    const next = from + reviewedPerTurn
    for (const connection of connections.slice(from, next)) connection.expireIfDue()
    if (next < connections.length) nextTurn(() => reviewFrom(connections, next))
  }

  /** Registers a connection, then asks about it. Resolves when it is live or ending; never rejects. */
  async function admit(connection: T): Promise<void> {
    registry.add(connection)
    if (deps.isTooBlind()) return connection.end('unavailable')
    try {
      const [verdict] = await check([connection.identity])
      if (verdict === 'good') connection.confirm()
      else connection.end(endingOf(verdict) ?? 'authUnavailable')
    } catch (error) {
      log.warn({ err: error, connectionId: connection.id }, 'an identity could not be checked')
      connection.end('authUnavailable')
    }
  }

  return {
    admit,
    /**
     * A socket goes on with another identity, from this turn on. In the same order as `admit`: everything that may end
     * it finds it, then it is asked about.
     */
    identityChanged: (connection: T, before: Identity): void => {
      registry.reindex(connection, before)
      void askAbout([connection])
    },
    /** When it returns, or what it returns resolves, whom it ends at once is dead. */
    apply(outcome: AuthorityOutcome): void | Promise<void> {
      const startedAtMs = now()
      const tell = () => deps.onApplied(outcome.type, now() - startedAtMs)
      const work = applyOutcome(outcome)
      return work ? work.then(tell) : tell()
    },
    /** Asks about everybody. */
    checkAll: askAboutAll,
    endAll: (name: CloseName): void => endMany(registry.all(), name),
    async close(): Promise<void> {
      clearInterval(recheck)
      stopping.abort()
    },
  }
}
