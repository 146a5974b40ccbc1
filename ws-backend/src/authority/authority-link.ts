// The line to the sidecars of one store: a feed from each, and the questions "still good?", "whose token?" and "may it go
// on?" to whichever answers. Knows no connection; what a line means for sockets is `live-authority.ts`.

import {
  type AuthenticateAnswer,
  type AuthenticateRequest,
  type AuthorityVerdict,
  authenticateAnswerSchema,
  type CheckRequest,
  type ConnectionsAnswer,
  checkAnswerSchema,
  internalPaths,
  type RefreshAnswer,
  type RefreshRequest,
  refreshAnswerSchema,
} from '@sallyport/contracts/authority-questions'
import type { Identity } from '@sallyport/contracts/identity'
import type { Log } from '@sallyport/service-kit/log'
import type { z } from 'zod'
import { createAcknowledger } from './acknowledge.ts'
import { createAsk } from './ask-sidecars.ts'
import { askedIdentity } from './asked-identity.ts'
import { AuthorityOutage } from './authority-outage.ts'
import { type FeedOutcome, type FeedPosition, readFeedLine } from './feed-position.ts'
import { createFeedReader } from './feed-reader.ts'
import type { AuthorityTransport } from './http2-transport.ts'

/** Longer than a question: nobody waits for it but an operator. */
const listingDeadlineMs = 5000

type AuthorityLinkDeps = {
  /** One each; `name` is its origin. */
  readonly sidecars: readonly { readonly name: string; readonly transport: AuthorityTransport }[]
  /** What this backend calls itself. */
  readonly node: string
  /** `sidecar` is the name of the one that said it. What is returned resolves when all that follows is done. */
  readonly onOutcome: (outcome: FeedOutcome, sidecar: string) => void | Promise<void>
  /** A feed is asked for anew. */
  readonly onFeedOpened: (sidecar: string) => void
  /** A feed said that nothing was missed, and all that it said before is done. */
  readonly onFeedProved: (sidecar: string) => void
  /** Called when the number of connected feeds changes. */
  readonly onFeeds: (connected: number) => void
  /** Called when the first feed connects and when the last one is lost. */
  readonly onConnected: (isConnected: boolean) => void
  /** Yields [0, 1). */
  readonly random: () => number
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  readonly log: Log
}

export type AuthorityLink = {
  readonly start: () => void
  /** Whether any feed is. */
  readonly isConnected: () => boolean
  /** One verdict an identity, in order. Throws an AuthorityOutage when there is no trustworthy answer. */
  readonly check: (identities: readonly Identity[]) => Promise<readonly AuthorityVerdict[]>
  /** Whose token it is, or how the socket ends. Throws like `check`. */
  readonly authenticate: (request: AuthenticateRequest) => Promise<AuthenticateAnswer>
  /** Whether a token may go on under a socket, and as whom. Throws like `check`. */
  readonly refresh: (request: RefreshRequest) => Promise<RefreshAnswer>
  /** Answers the sidecar that asked which sockets there are. Throws like `check`. */
  readonly sendConnections: (sidecar: string, answer: ConnectionsAnswer) => Promise<void>
  readonly close: () => Promise<void>
}

/** Builds the link; nothing is connected before `start`. */
export function createAuthorityLink(deps: AuthorityLinkDeps): AuthorityLink {
  const { sidecars, onFeeds, onConnected } = deps
  const feeds = createFeeds(deps, (connected, before) => {
    onFeeds(connected)
    if (connected > 0 !== before > 0) onConnected(connected > 0)
  })
  const asked = sidecars.map((sidecar, index) => ({
    ...sidecar,
    isConnected: () => feeds[index]?.isConnected() ?? false,
  }))
  const askOne = createAsk({ ...deps, sidecars: asked })
  const ask = <Schema extends z.ZodType>(path: string, body: object, form: Schema) =>
    askOne(path, JSON.stringify(body), (answer) => parseAnswer(answer, form))

  return {
    start() {
      for (const feed of feeds) feed.open()
    },
    isConnected: () => feeds.some((feed) => feed.isConnected()),
    async check(identities) {
      const body: CheckRequest = { identities: identities.map(askedIdentity) }
      return askOne(internalPaths.check, JSON.stringify(body), (answer) => {
        const { verdicts } = parseAnswer(answer, checkAnswerSchema)
        if (verdicts.length !== identities.length) throw new AuthorityOutage('bad-answer')
        return verdicts
      })
    },
    authenticate: (request) => ask(internalPaths.authenticate, request, authenticateAnswerSchema),
    refresh: (request) => ask(internalPaths.refresh, request, refreshAnswerSchema),
    async sendConnections(name, answer) {
      const sidecar = sidecars.find((one) => one.name === name)
      const body = JSON.stringify(answer)
      await sidecar?.transport.post(internalPaths.connections, body, listingDeadlineMs)
    },
    async close() {
      for (const feed of feeds) feed.close()
      await Promise.all(sidecars.map(({ transport }) => transport.close()))
    },
  }
}

/** One reader a sidecar. An event is news in the feed that tells it first: that much they share. */
function createFeeds(
  deps: AuthorityLinkDeps,
  onCount: (connected: number, before: number) => void,
) {
  let seen: FeedPosition
  let connected = 0
  return deps.sidecars.map(({ name, transport }) =>
    createFeedReader({
      transport,
      node: deps.node,
      understand(state, line) {
        const read = readFeedLine(state, line, seen)
        seen = read.seen
        return read
      },
      onOutcome: (outcome) => deps.onOutcome(outcome, name),
      onApplied: createAcknowledger(deps.node, transport),
      onOpened: () => deps.onFeedOpened(name),
      onProved: () => deps.onFeedProved(name),
      onConnected(isConnected) {
        const before = connected
        connected += isConnected ? 1 : -1
        onCount(connected, before)
      },
      random: deps.random,
      now: deps.now,
      log: deps.log.child({ sidecar: name }),
    }),
  )
}

function parseAnswer<Schema extends z.ZodType>(answer: string, form: Schema): z.output<Schema> {
  let value: unknown
  try {
    value = JSON.parse(answer)
  } catch (cause) {
    throw new AuthorityOutage('bad-answer', { cause })
  }
  const parsed = form.safeParse(value)
  if (!parsed.success) throw new AuthorityOutage('bad-answer')
  return parsed.data
}
