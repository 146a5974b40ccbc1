// What a line of a feed means for sockets: which of them end, how, and when; which last longer; about which to ask.

import type { CloseName } from '@sallyport/contracts/close-codes'
import { restsOnCookie } from '@sallyport/contracts/identity'
import type { ConnectionRegistry } from '../connection/connection-registry.ts'
import type { Connection } from '../connection/connection-types.ts'
import { wait } from '../wait.ts'
import type { EndMany } from './end-many.ts'
import type { FeedOutcome, ListQuestion } from './feed-position.ts'

type AffectedConnection = Pick<
  Connection,
  'id' | 'identity' | 'endByOperator' | 'endWithin' | 'extendUntil' | 'markDead' | 'sayGoodbye'
>

/** What of the feeds is about sockets; a listing changes none. */
export type AuthorityOutcome = Exclude<FeedOutcome, ListQuestion>

type Told<Type extends FeedOutcome['type']> = Extract<FeedOutcome, { readonly type: Type }>

type ApplyDeps<T extends AffectedConnection> = {
  readonly registry: Pick<ConnectionRegistry<T>, 'get' | 'forSession' | 'forPerson' | 'forToken'>
  readonly endMany: EndMany
  /** Both resolve when everybody meant was asked about, and those who were not good are dead. */
  readonly askAbout: (connections: readonly T[]) => Promise<void>
  readonly askAboutAll: () => Promise<void>
  readonly stopped: AbortSignal
}

/** As long as a question takes at most. */
const doubtDeadlineMs = 2000

/** Builds what applies an outcome; what it returns resolves when whom it ends at once is dead. */
export function createApplyOutcome<T extends AffectedConnection>(deps: ApplyDeps<T>) {
  const { registry, endMany, askAbout } = deps

  function ofSession({ sessionId, scope }: Told<'session-ended'>): T[] {
    const connections = registry.forSession(sessionId)
    if (scope === 'everything') return connections
    return connections.filter(({ identity }) => restsOnCookie(identity))
  }

  const ofPerson = ({ issuer, subject }: Told<'subject-ended' | 'subject-doubted'>) =>
    registry.forPerson(issuer, subject)

  function end({ marginMs }: { marginMs?: number }, find: () => T[], name: CloseName): void {
    if (marginMs === undefined) return endMany(find(), name)
    for (const connection of find()) connection.endWithin(marginMs, name)
    askAfter(marginMs, find)
  }

  /**
   * A sidecar calls good within a margin what ends after it. Whoever was verified before the event and registered after
   * it heard nothing of its end: so all are asked about again when the margin is over.
   */
  function askAfter(marginMs: number | undefined, find: () => T[]): void {
    if (marginMs === undefined) return
    void wait(marginMs, deps.stopped).then(() => askAbout(find()))
  }

  /**
   * Somebody did end the subject: without an answer nobody of it stays. The handshake, to which they come back, can tell
   * who has authority again. Within a margin nobody has to go yet.
   */
  async function askInDoubt(outcome: Told<'subject-doubted'>): Promise<void> {
    const connections = ofPerson(outcome)
    const asking = askAbout(connections)
    if (outcome.marginMs !== undefined) return asking
    const answered = new AbortController()
    void asking.then(() => answered.abort())
    await wait(doubtDeadlineMs, AbortSignal.any([deps.stopped, answered.signal]))
    if (!answered.signal.aborted && !deps.stopped.aborted) endMany(connections, 'unavailable')
  }

  return function applyOutcome(outcome: AuthorityOutcome): void | Promise<void> {
    switch (outcome.type) {
      case 'check-all':
        return deps.askAboutAll()
      case 'session-ended':
        return end(outcome, () => ofSession(outcome), 'sessionRevoked')
      case 'subject-ended':
        return end(outcome, () => ofPerson(outcome), 'sessionRevoked')
      case 'token-revoked': {
        const { issuer, tokenId } = outcome
        return end(outcome, () => registry.forToken(issuer, tokenId), 'tokenInvalid')
      }
      case 'subject-doubted':
        askAfter(outcome.marginMs, () => ofPerson(outcome))
        return askInDoubt(outcome)
      case 'session-extended':
        for (const connection of registry.forSession(outcome.sessionId)) {
          // The others rest on something whose life did not change.
          const { way } = connection.identity
          if (way === 'token-cookie') connection.extendUntil(outcome.expiresAtMs, outcome.token)
        }
        return
      case 'connection-ended':
        return registry.get(outcome.connectionId)?.endByOperator()
    }
  }
}
