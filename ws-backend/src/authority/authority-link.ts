// The line to the sidecar: keeps the feed open, remembers where it left off, and asks "still good?".
// Knows no connection; what a line means for sockets is `live-authority.ts`.

import {
  type AuthorityVerdict,
  type CheckRequest,
  checkAnswerSchema,
  internalPaths,
  maxFeedSilenceMs,
} from '@sallyport/contracts/authority-event'
import type { Identity } from '@sallyport/contracts/identity'
import type { Log } from '@sallyport/service-kit/log'
import { AuthorityOutage } from './authority-outage.ts'
import { backoffMs } from './backoff.ts'
import { createLineSplitter, parseFeedLine } from './feed-lines.ts'
import { type FeedOutcome, type FeedPosition, readFeedLine } from './feed-position.ts'
import type { AuthorityTransport } from './http2-transport.ts'

const checkDeadlineMs = 2000

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
  readonly close: () => Promise<void>
}

/** Builds the link; nothing is connected before `start`. */
export function createAuthorityLink(deps: AuthorityLinkDeps): AuthorityLink {
  const feed = createFeedReader(deps)
  return {
    start: feed.open,
    isConnected: feed.isConnected,
    async check(identities) {
      const body: CheckRequest = {
        identities: identities.map(({ ttlMs: _ttlMs, username: _username, ...asked }) => asked),
      }
      const answer = await deps.transport.post(
        internalPaths.check,
        JSON.stringify(body),
        checkDeadlineMs,
      )
      return parseVerdicts(answer, identities.length)
    },
    async close() {
      feed.close()
      await deps.transport.close()
    },
  }
}

function parseVerdicts(answer: string, count: number): readonly AuthorityVerdict[] {
  let value: unknown
  try {
    value = JSON.parse(answer)
  } catch (cause) {
    throw new AuthorityOutage('bad-answer', { cause })
  }
  const parsed = checkAnswerSchema.safeParse(value)
  if (!parsed.success || parsed.data.verdicts.length !== count)
    throw new AuthorityOutage('bad-answer')
  return parsed.data.verdicts
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
