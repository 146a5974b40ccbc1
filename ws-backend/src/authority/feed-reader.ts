// Keeps the feed of one sidecar open: reads lines, remembers where it left off, comes back after a loss. What a line
// means is `feed-position.ts`, what follows from it is not its business.

import type { FeedLine } from '@sallyport/contracts/authority-event'
import { internalPaths } from '@sallyport/contracts/authority-questions'
import type { Log } from '@sallyport/service-kit/log'
import { createAppliedOrder } from './applied-order.ts'
import { backoffMs } from './backoff.ts'
import { createLineSplitter, parseFeedLine } from './feed-lines.ts'
import {
  type FeedOutcome,
  type FeedPosition,
  type FeedState,
  unheardFeed,
} from './feed-position.ts'
import { createFeedWatchdog } from './feed-watchdog.ts'
import type { AuthorityTransport } from './http2-transport.ts'

type FeedReaderDeps = {
  readonly transport: Pick<AuthorityTransport, 'openFeed'>
  /** What this backend calls itself. */
  readonly node: string
  readonly understand: (
    state: FeedState,
    line: FeedLine,
  ) => { readonly state: FeedState; readonly outcomes: readonly FeedOutcome[] }
  /** What it returns resolves when what the line caused is done; nothing, when it is done already. */
  readonly onOutcome: (outcome: FeedOutcome) => void | Promise<void>
  /** Called when all that lines up to another position caused is done: what they name is dead by then. */
  readonly onApplied: (position: FeedPosition) => void
  /** Called when the feed said that nothing was missed, and all that it said before is done. */
  readonly onProved: () => void
  /** Called when it is asked for anew. */
  readonly onOpened: () => void
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  /** Called when it changes. From the first line on a feed is connected. */
  readonly onConnected: (isConnected: boolean) => void
  /** Yields [0, 1). */
  readonly random: () => number
  readonly log: Log
}

export type FeedReader = {
  readonly open: () => void
  readonly isConnected: () => boolean
  readonly close: () => void
}

/** Builds the reader; nothing is connected before `open`. */
export function createFeedReader(deps: FeedReaderDeps): FeedReader {
  const { transport, now, log } = deps
  const watchdog = createFeedWatchdog({ now, onSilence: () => cut('silence') })
  const order = createAppliedOrder<FeedPosition>(deps)
  let state = unheardFeed
  let attempt = 0
  let connected = false
  let closed = false
  let feed: { readonly close: () => void } | undefined
  let retry: NodeJS.Timeout | undefined

  function open(): void {
    const split = createLineSplitter()
    let isOpen = true
    watchdog.heard()
    deps.onOpened()
    feed = transport.openFeed(pathFrom(state.position, deps.node), {
      onText(chunk) {
        if (!isOpen) return
        const lines = split(chunk)
        if (!lines.ok) return cut(lines.error)
        for (const line of lines.value) if (line !== '') read(line)
        order.reached(state.position)
      },
      onClosed() {
        if (!isOpen) return
        isOpen = false
        comeBack()
      },
    })
  }

  function read(text: string): void {
    watchdog.heard()
    const line = parseFeedLine(text)
    if (!line.ok) {
      // Perhaps a newer sidecar says something we cannot understand: ask about everybody.
      log.warn({ reason: line.error }, 'a line of the authority feed could not be read')
      return handOn({ type: 'check-all' }, state.position)
    }
    const { position } = state
    const understood = deps.understand(state, line.value)
    state = understood.state
    for (const outcome of understood.outcomes) handOn(outcome, position)
    const isProof = line.value.type === 'alive' && understood.outcomes.length === 0
    if (isProof) order.proved()
    setConnected(true)
  }

  /** What was reached before the line does not wait for what the line causes. */
  function handOn(outcome: FeedOutcome, before: FeedPosition): void {
    const work = deps.onOutcome(outcome)
    if (!work) return
    order.reached(before)
    order.caused(work)
  }

  function cut(reason: string): void {
    log.warn({ reason }, 'the authority feed is cut')
    feed?.close()
  }

  function comeBack(): void {
    watchdog.stop()
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
    watchdog.stop()
    clearTimeout(retry)
    feed?.close()
  }

  return { open, close, isConnected: () => connected }
}

function pathFrom(position: FeedPosition, node: string): string {
  const query = new URLSearchParams({ node })
  if (position) {
    query.set('epoch', position.epoch)
    query.set('after', `${position.sequence}`)
  }
  return `${internalPaths.feed}?${query.toString()}`
}
