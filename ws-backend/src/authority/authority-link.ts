// The line to the sidecar: keeps the feed open, remembers where it left off, and asks "still good?" and "whose token?".
// Knows no connection; what a line means for sockets is `live-authority.ts`.

import {
  type AuthenticateAnswer,
  type AuthenticateRequest,
  type AuthorityVerdict,
  authenticateAnswerSchema,
  type CheckRequest,
  checkAnswerSchema,
  internalPaths,
  maxFeedSilenceMs,
} from '@sallyport/contracts/authority-event'
import type { Identity } from '@sallyport/contracts/identity'
import type { Log } from '@sallyport/service-kit/log'
import type { z } from 'zod'
import { AuthorityOutage } from './authority-outage.ts'
import { backoffMs } from './backoff.ts'
import { createLineSplitter, parseFeedLine } from './feed-lines.ts'
import { type FeedOutcome, type FeedPosition, readFeedLine } from './feed-position.ts'
import type { AuthorityTransport } from './http2-transport.ts'

const questionDeadlineMs = 2000

type AuthorityLinkDeps = {
  readonly transport: AuthorityTransport
  readonly onOutcome: (outcome: FeedOutcome) => void
  readonly onConnected: (isConnected: boolean) => void
  /** Yields [0, 1). */
  readonly random: () => number
  readonly log: Log
}

export type AuthorityLink = {
  readonly start: () => void
  readonly isConnected: () => boolean
  /** One verdict an identity, in order. Throws an AuthorityOutage when there is no trustworthy answer. */
  readonly check: (identities: readonly Identity[]) => Promise<readonly AuthorityVerdict[]>
  /** Whose token it is, or how the socket ends. Throws like `check`. */
  readonly authenticate: (request: AuthenticateRequest) => Promise<AuthenticateAnswer>
  readonly close: () => Promise<void>
}

/** Builds the link; nothing is connected before `start`. */
export function createAuthorityLink(deps: AuthorityLinkDeps): AuthorityLink {
  const feed = createFeedReader(deps)

  /** The body holds a credential perhaps: nothing of it may reach an error. */
  async function ask<Schema extends z.ZodType>(path: string, body: object, answerForm: Schema) {
    const answer = await deps.transport.post(path, JSON.stringify(body), questionDeadlineMs)
    return parseAnswer(answer, answerForm)
  }

  return {
    start: feed.open,
    isConnected: feed.isConnected,
    async check(identities) {
      const body: CheckRequest = {
        identities: identities.map(({ ttlMs: _ttlMs, username: _username, ...asked }) => asked),
      }
      const { verdicts } = await ask(internalPaths.check, body, checkAnswerSchema)
      if (verdicts.length !== identities.length) throw new AuthorityOutage('bad-answer')
      return verdicts
    },
    authenticate: (request) => ask(internalPaths.authenticate, request, authenticateAnswerSchema),
    async close() {
      feed.close()
      await deps.transport.close()
    },
  }
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

function createFeedReader(deps: AuthorityLinkDeps) {
  const { transport, log } = deps
  let position: FeedPosition
  let attempt = 0
  let connected = false
  let closed = false
  let feed: { readonly close: () => void } | undefined
  let watchdog: NodeJS.Timeout | undefined
  let retry: NodeJS.Timeout | undefined

  function open(): void {
    const split = createLineSplitter()
    listen()
    feed = transport.openFeed(pathFrom(position), {
      onText(chunk) {
        const lines = split(chunk)
        if (!lines.ok) return cut(lines.error)
        for (const line of lines.value) if (line !== '') read(line)
      },
      onClosed,
    })
  }

  function read(text: string): void {
    listen()
    const line = parseFeedLine(text)
    if (!line.ok) {
      // Perhaps a newer sidecar says something we cannot understand: ask about everybody.
      log.warn({ reason: line.error }, 'a line of the authority feed could not be read')
      return deps.onOutcome({ type: 'check-all' })
    }
    const { position: moved, outcomes } = readFeedLine(position, line.value)
    position = moved
    for (const outcome of outcomes) deps.onOutcome(outcome)
    setConnected(true)
  }

  function listen(): void {
    clearTimeout(watchdog)
    watchdog = setTimeout(() => cut('silence'), maxFeedSilenceMs)
  }

  function cut(reason: string): void {
    log.warn({ reason }, 'the authority feed is cut')
    feed?.close()
  }

  function onClosed(): void {
    clearTimeout(watchdog)
    setConnected(false)
    if (closed) return
    retry = setTimeout(open, backoffMs(attempt, deps.random))
    attempt += 1
  }

  function setConnected(isConnected: boolean): void {
    if (isConnected) attempt = 0
    if (isConnected === connected) return
    connected = isConnected
    if (isConnected) log.info('the authority feed is connected')
    else if (!closed) log.warn('the authority feed is lost')
    deps.onConnected(isConnected)
  }

  function close(): void {
    closed = true
    clearTimeout(watchdog)
    clearTimeout(retry)
    feed?.close()
  }

  return { open, close, isConnected: () => connected }
}

function pathFrom(position: FeedPosition): string {
  if (!position) return internalPaths.feed
  const query = new URLSearchParams({ epoch: position.epoch, after: `${position.sequence}` })
  return `${internalPaths.feed}?${query.toString()}`
}
