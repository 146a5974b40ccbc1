// Applies authority to sockets: registers, then asks again (so that nothing falls between "verified" and
// "registered"), ends what the feed names, and asks about everybody when the feed cannot tell what was missed.

import { type AuthorityVerdict, maxIdentitiesPerCheck } from '@sallyport/contracts/authority-event'
import type { CloseName } from '@sallyport/contracts/close-codes'
import type { Log } from '@sallyport/service-kit/log'
import type { ConnectionRegistry } from '../connection/connection-registry.ts'
import type { Connection } from '../connection/connection-types.ts'
import { wait } from '../wait.ts'
import type { AuthorityLink } from './authority-link.ts'
import { backoffMs } from './backoff.ts'
import type { FeedOutcome } from './feed-position.ts'

type LiveConnection = Pick<Connection, 'id' | 'identity' | 'confirm' | 'expireIfDue' | 'end'>

type LiveAuthorityDeps<T extends LiveConnection> = {
  readonly registry: Pick<ConnectionRegistry<T>, 'add' | 'forSession' | 'all'>
  readonly check: AuthorityLink['check']
  /** Bounds what a lost event can cost, in milliseconds. */
  readonly recheckIntervalMs: number
  /** Yields [0, 1). */
  readonly random: () => number
  readonly log: Log
}

/** How a socket ends whose identity is no longer good. */
const endings = {
  revoked: 'sessionRevoked',
  void: 'tokenInvalid',
  forbidden: 'forbidden',
} as const satisfies Record<Exclude<AuthorityVerdict, 'good'>, CloseName>

/** Builds the judge of live sockets and starts its periodic question. */
export function createLiveAuthority<T extends LiveConnection>(deps: LiveAuthorityDeps<T>) {
  const { registry, check, log } = deps
  const stopped = new AbortController()
  let isAsking = false
  let isAskedAgain = false
  const recheck = setInterval(review, deps.recheckIntervalMs)

  /** Registers a connection, then asks about it. Resolves when it is live or ending; never rejects. */
  async function admit(connection: T): Promise<void> {
    registry.add(connection)
    try {
      const [verdict] = await check([connection.identity])
      if (verdict === 'good') connection.confirm()
      else connection.end(verdict ? endings[verdict] : 'authUnavailable')
    } catch (error) {
      log.warn({ err: error, connectionId: connection.id }, 'an identity could not be checked')
      connection.end('authUnavailable')
    }
  }

  function apply(outcome: FeedOutcome): void {
    switch (outcome.type) {
      case 'session-ended':
        for (const connection of registry.forSession(outcome.sessionId)) {
          connection.end('sessionRevoked')
        }
        return
      case 'check-all':
        void checkAll()
    }
  }

  /** Timers stand still while the machine sleeps: whoever is overdue by the wall clock ends here at the latest. */
  function review(): void {
    for (const connection of registry.all()) connection.expireIfDue()
    void checkAll()
  }

  /** Asks about everybody. A request that comes while one runs is answered by one more round. */
  async function checkAll(): Promise<void> {
    isAskedAgain = true
    if (isAsking) return
    isAsking = true
    while (isAskedAgain && !stopped.signal.aborted) {
      isAskedAgain = false
      const everybody = registry.all()
      for (let from = 0; from < everybody.length; from += maxIdentitiesPerCheck) {
        await checkUntilAnswered(everybody.slice(from, from + maxIdentitiesPerCheck))
      }
    }
    isAsking = false
  }

  /** Never skips: an outage is waited out. Good identities are left alone all the while. */
  async function checkUntilAnswered(batch: readonly T[]): Promise<void> {
    for (let attempt = 0; !stopped.signal.aborted; attempt += 1) {
      try {
        const verdicts = await check(batch.map(({ identity }) => identity))
        for (const [index, connection] of batch.entries()) {
          const verdict = verdicts[index]
          if (verdict && verdict !== 'good') connection.end(endings[verdict])
        }
        return
      } catch (error) {
        log.warn({ err: error, attempt }, 'live identities could not be checked, trying again')
        await wait(backoffMs(attempt, deps.random), stopped.signal)
      }
    }
  }

  return {
    admit,
    apply,
    checkAll,
    async close(): Promise<void> {
      clearInterval(recheck)
      stopped.abort()
    },
  }
}
