// What a fake sidecar answers when it is asked, and a memory of every question. Test code only.

import { EventEmitter, once } from 'node:events'
import {
  type AuthenticateAnswer,
  type AuthenticateRequest,
  type AuthorityVerdict,
  type CheckRequest,
  type ConnectionsAnswer,
  internalPaths,
  type RefreshAnswer,
  type RefreshRequest,
} from '@sallyport/contracts/authority-questions'

type CheckedIdentity = CheckRequest['identities'][number]

/** Each may take its time, or throw to answer 503. */
export type SidecarAnswers = {
  readonly judge?:
    | ((identity: CheckedIdentity) => AuthorityVerdict | Promise<AuthorityVerdict>)
    | undefined
  readonly authenticate?:
    | ((request: AuthenticateRequest) => AuthenticateAnswer | Promise<AuthenticateAnswer>)
    | undefined
  readonly refresh?:
    | ((request: RefreshRequest) => RefreshAnswer | Promise<RefreshAnswer>)
    | undefined
}

const notAuthenticated: AuthenticateAnswer = { outcome: 'refused', close: 'tokenInvalid' }
const notRefreshed: RefreshAnswer = { outcome: 'refused', fault: 'invalid-credential' }

/** Builds the answers; each list is in the order of the questions. */
export function createFakeAnswers({
  judge = () => 'good',
  authenticate = () => notAuthenticated,
  refresh = () => notRefreshed,
}: SidecarAnswers) {
  const events = new EventEmitter()
  const batchSizes: number[] = []
  const authenticated: AuthenticateRequest[] = []
  const refreshed: RefreshRequest[] = []
  const listings: ConnectionsAnswer[] = []

  function keep<Question>(asked: Question[], question: unknown): Question {
    asked.push(question as Question)
    events.emit('asked')
    return question as Question
  }

  const reach = async (asked: readonly unknown[], count: number): Promise<void> => {
    while (asked.length < count) await once(events, 'asked')
  }

  return {
    byPath: new Map<string, (body: unknown) => Promise<object>>([
      [
        internalPaths.check,
        async (body) => {
          const { identities } = body as CheckRequest
          keep(batchSizes, identities.length)
          return { verdicts: await Promise.all(identities.map(judge)) }
        },
      ],
      [internalPaths.authenticate, async (body) => authenticate(keep(authenticated, body))],
      [internalPaths.refresh, async (body) => refresh(keep(refreshed, body))],
      [internalPaths.applied, async () => ({})],
      [internalPaths.connections, async (body) => ({ kept: keep(listings, body).questionId })],
    ]),
    /** How many identities each check named. */
    batchSizes,
    /** Every question "whose token?". */
    authenticated,
    /** Every question "may it go on?". */
    refreshed,
    /** Every answer to "which sockets are there?". */
    listings,
    checked: (count = 1) => reach(batchSizes, count),
    authenticateAsked: (count = 1) => reach(authenticated, count),
    refreshAsked: (count = 1) => reach(refreshed, count),
    listed: (count = 1) => reach(listings, count),
  }
}
