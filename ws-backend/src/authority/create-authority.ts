// Everything about authority in one piece: the line to the sidecars, what it means for live sockets, and how long they
// may live unseen. Knows how these hang together, and neither a socket's transport nor HTTP.

import type { Identity } from '@sallyport/contracts/identity'
import type { Log } from '@sallyport/service-kit/log'
import type { ConnectionRegistry } from '../connection/connection-registry.ts'
import type { Connection } from '../connection/connection-types.ts'
import { addBlindGauge, type Metrics } from '../metrics.ts'
import { type AuthorityLink, createAuthorityLink } from './authority-link.ts'
import { createBlindWatch } from './blind-watch.ts'
import type { FeedOutcome, ListQuestion } from './feed-position.ts'
import type { AuthorityTransport } from './http2-transport.ts'
import { listConnections } from './list-connections.ts'
import { createLiveAuthority, type LiveConnection } from './live-authority.ts'
import { createStallHold } from './stall-hold.ts'

type Governed = LiveConnection & Pick<Connection, 'isLive' | 'connectedAt' | 'expiresInMs'>

type AuthorityDeps<T extends Governed> = {
  /** One each; `name` is its origin. */
  readonly sidecars: readonly { readonly name: string; readonly transport: AuthorityTransport }[]
  /** What this backend calls itself. */
  readonly node: string
  readonly registry: ConnectionRegistry<T>
  /** How often every live identity is asked about, whatever the feeds say. */
  readonly recheckIntervalMs: number
  /** With no feed connected for so long, every socket ends. */
  readonly maxBlindMs: number
  readonly metrics: Metrics
  readonly nextTurn: (callback: () => void) => void
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  readonly wallClock: () => Date
  /** Yields [0, 1). */
  readonly random: () => number
  readonly log: Log
}

/** Builds it; no sidecar is connected before `start`. */
export function createAuthority<T extends Governed>(deps: AuthorityDeps<T>) {
  const { registry, metrics, now, log, node } = deps
  const link: AuthorityLink = createAuthorityLink({
    ...deps,
    onOutcome: hear,
    onFeedOpened: (sidecar) => stalls.feedOpened(sidecar),
    onFeedProved: (sidecar) => stalls.feedProved(sidecar),
    onFeeds: (connected) => metrics.feedsConnected.set(connected),
    onConnected(isConnected) {
      blindness.sees(isConnected)
      if (isConnected) void live.checkAll()
    },
  })
  const blindness = createBlindWatch({ maxBlindMs: deps.maxBlindMs, now, onTooLong: endUnseen })
  addBlindGauge(metrics, blindness.blindForMs)
  const live = createLiveAuthority({
    ...deps,
    check: link.check,
    isTooBlind: blindness.isTooLong,
    onApplied: (type, durationMs) => metrics.authorityApplied.observe({ type }, durationMs / 1000),
    onRound: (durationMs) => metrics.recheckSeconds.observe(durationMs / 1000),
  })

  const stalls = createStallHold({ ...deps, askAboutAll: live.checkAll })

  function hear(outcome: FeedOutcome, sidecar: string): void | Promise<void> {
    if (outcome.type !== 'list-connections') return live.apply(outcome)
    void list(outcome, sidecar)
  }

  /** To the sidecar that asked: only there somebody waits for it. */
  async function list(question: ListQuestion, sidecar: string): Promise<void> {
    try {
      await link.sendConnections(sidecar, listConnections(question, node, registry.all()))
    } catch (error) {
      log.warn({ err: error, sidecar }, 'the sockets could not be told')
    }
  }

  function endUnseen(): void {
    log.error({ sockets: registry.size() }, 'no authority feed for too long: every socket ends')
    live.endAll('unavailable')
  }

  return {
    start: link.start,
    /** Whether anything is heard of what ends. */
    isConnected: link.isConnected,
    admit: live.admit,
    /** After the process stood still: held until it is known that nothing was missed. */
    hold: { isHeld: stalls.isHeld, whenFree: stalls.whenFree },
    identityChanged: (connection: T, before: Identity): void => {
      live.identityChanged(connection, before)
      stalls.askAgain()
    },
    authenticate: link.authenticate,
    refresh: link.refresh,
    async close(): Promise<void> {
      stalls.close()
      await live.close()
      await link.close()
      blindness.close()
    },
  }
}
