// One question, several sidecars of one store: asks one, and the next when it does not answer, within one deadline.
// Knows no question's meaning; what an answer must look like, its caller says.

import type { Log } from '@sallyport/service-kit/log'
import { AuthorityOutage } from './authority-outage.ts'
import type { AuthorityTransport } from './http2-transport.ts'

/** However many sidecars there are. */
const questionDeadlineMs = 2000

/** Where there are several, one that is silent for this long is not waited for. */
const patienceMs = 1000

/** A sidecar as questions see it. */
export type AskedSidecar = {
  /** Its origin; for the log. */
  readonly name: string
  readonly transport: Pick<AuthorityTransport, 'post'>
  /** Whether its feed is connected: it sees its store, and it is reached. */
  readonly isConnected: () => boolean
}

type AskDeps = {
  readonly sidecars: readonly AskedSidecar[]
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  readonly log: Log
}

/** Builds the way to ask. It prefers a sidecar whose feed is connected, and among those the one that answered last. */
export function createAsk({ sidecars, now, log }: AskDeps) {
  let answeredLast: AskedSidecar | undefined
  const longestMs = sidecars.length > 1 ? patienceMs : questionDeadlineMs

  function inOrder(): AskedSidecar[] {
    const rank = (sidecar: AskedSidecar) =>
      (sidecar.isConnected() ? 0 : 2) + (sidecar === answeredLast ? 0 : 1)
    return sidecars.toSorted((a, b) => rank(a) - rank(b))
  }

  /**
   * Asks each sidecar once at most, until one gives an answer that `parse` takes; `parse` throws an AuthorityOutage
   * for one it does not. Throws the last AuthorityOutage when none does. The body holds a credential perhaps: nothing of
   * it reaches an error or the log.
   */
  return async function ask<Answer>(
    path: string,
    body: string,
    parse: (answer: string) => Answer,
  ): Promise<Answer> {
    const deadlineAtMs = now() + questionDeadlineMs
    let outage = new AuthorityOutage('unreachable')
    for (const sidecar of inOrder()) {
      const leftMs = deadlineAtMs - now()
      if (leftMs <= 0) break
      try {
        const answer = parse(await sidecar.transport.post(path, body, Math.min(leftMs, longestMs)))
        answeredLast = sidecar
        return answer
      } catch (error) {
        if (!(error instanceof AuthorityOutage)) throw error
        outage = error
        log.debug({ sidecar: sidecar.name, reason: error.code }, 'a sidecar did not answer')
      }
    }
    throw outage
  }
}
