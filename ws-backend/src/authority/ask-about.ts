// Asks the sidecar about live sockets, a batch at a time and until it answers, and ends whoever is not good any more.
// When to ask is `live-authority.ts`.

import {
  type AuthorityVerdict,
  maxIdentitiesPerCheck,
} from '@sallyport/contracts/authority-questions'
import type { CloseName } from '@sallyport/contracts/close-codes'
import type { Log } from '@sallyport/service-kit/log'
import type { ConnectionRegistry } from '../connection/connection-registry.ts'
import type { Connection } from '../connection/connection-types.ts'
import { wait } from '../wait.ts'
import type { AuthorityLink } from './authority-link.ts'
import { backoffMs } from './backoff.ts'
import type { EndMany } from './end-many.ts'
import { type Group, groupIdentities } from './group-identities.ts'

type AskedConnection = Pick<Connection, 'id' | 'identity' | 'markDead' | 'sayGoodbye'>

type AskAboutDeps<T extends AskedConnection> = {
  readonly registry: Pick<ConnectionRegistry<T>, 'sessions' | 'forSession'>
  readonly check: AuthorityLink['check']
  readonly endMany: EndMany
  /** Called when everybody was asked about, with how long it took. */
  readonly onRound: (durationMs: number) => void
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  /** Yields [0, 1). */
  readonly random: () => number
  readonly stopped: AbortSignal
  readonly log: Log
}

/** How a socket ends whose identity is no longer good. */
export const endings = {
  revoked: 'sessionRevoked',
  void: 'tokenInvalid',
  forbidden: 'forbidden',
} as const satisfies Record<Exclude<AuthorityVerdict, 'good'>, CloseName>

/** Builds the ways to ask. Neither rejects; both resolve early when they are stopped. */
export function createAskAbout<T extends AskedConnection>(deps: AskAboutDeps<T>) {
  const { registry, check, endMany, now, stopped, log } = deps
  let waiting: (() => void)[] = []
  let isAsking = false

  /** Resolves when everybody was asked about who was there at the call. Rounds do not overlap: calls share the next. */
  function askAboutAll(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    waiting.push(resolve)
    if (!isAsking) void askInRounds()
    return promise
  }

  async function askInRounds(): Promise<void> {
    isAsking = true
    while (waiting.length > 0) {
      const answered = waiting
      waiting = []
      const startedAtMs = now()
      // Session by session, read when its turn comes: whoever joins meanwhile is asked about on its own. Measured with
      // 10,000 sockets: 150 ms of a core when no two are alike (0.5 % of it at a round every 30 s), in pieces of a batch.
      await askInBatches(groupsOf(registry.sessions()))
      deps.onRound(now() - startedAtMs)
      for (const resolve of answered) resolve()
    }
    isAsking = false
  }

  function* groupsOf(sessions: readonly string[]): Generator<Group<T>> {
    for (const session of sessions) yield* groupIdentities(registry.forSession(session))
  }

  async function askInBatches(groups: Iterable<Group<T>>): Promise<void> {
    let batch: Group<T>[] = []
    for (const group of groups) {
      if (batch.push(group) < maxIdentitiesPerCheck) continue
      await askUntilAnswered(batch)
      batch = []
      if (stopped.aborted) return
    }
    if (batch.length > 0) await askUntilAnswered(batch)
  }

  /** Never skips: an outage is waited out. Good identities are left alone all the while. */
  async function askUntilAnswered(batch: readonly Group<T>[]): Promise<void> {
    for (let attempt = 0; !stopped.aborted; attempt += 1) {
      try {
        const verdicts = await check(batch.map(({ identity }) => identity))
        for (const [index, group] of batch.entries()) judge(group, verdicts[index])
        return
      } catch (error) {
        log.warn({ err: error, attempt }, 'live identities could not be checked, trying again')
        await wait(backoffMs(attempt, deps.random), stopped)
      }
    }
  }

  /** Whoever rests on something else by now was asked about again when that changed. */
  function judge({ members }: Group<T>, verdict: AuthorityVerdict | undefined): void {
    if (!verdict || verdict === 'good') return
    const meant = members.filter(({ connection, identity }) => connection.identity === identity)
    endMany(
      meant.map(({ connection }) => connection),
      endings[verdict],
    )
  }

  return {
    askAboutAll,
    /** Resolves when all of them were asked about. */
    askAbout: (connections: readonly T[]): Promise<void> =>
      askInBatches(groupIdentities(connections)),
  }
}
