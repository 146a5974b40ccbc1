// A change is settled when every backend that listens here has taken in its event: what names a session, a person, a
// token or a socket is dead there by then, and whoever asked for it is answered. (About keys and issuers backends have
// to ask; they are answered when that has begun.) A backend that does not say so in time is not waited for again until
// it does: events in order, the sign of life and the periodic question bound what it can still do.

import type { AppliedReport } from '@sallyport/contracts/authority-questions'
import type { AuthorityFeed } from './authority-feed.ts'
import type { AuthorityStore, FeedPosition } from './authority-store.ts'

export type SettleDeps = {
  readonly store: AuthorityStore
  readonly feed: Pick<AuthorityFeed, 'position' | 'readers'>
  /** How long a change waits for backends, in milliseconds. */
  readonly patienceMs: number
  /** Told of each change that was answered before every backend had taken it in. */
  readonly onUnsettled: () => void
}

export type SettledAuthority = {
  /** The store, whose `apply` resolves when the change is settled or was waited for long enough. */
  readonly authorities: AuthorityStore
  /** Takes in how far a backend is; what lies beyond the feed's own position is not believed. */
  readonly applied: (report: AppliedReport) => void
}

/** More nodes than ever listen at once are not remembered. */
const maxNodes = 1024

/** Wraps a store. */
export function settleChanges(deps: SettleDeps): SettledAuthority {
  const { store, feed, patienceMs, onUnsettled } = deps
  const reached = new Map<string, FeedPosition>()
  const late = new Set<string>()
  const waiting = new Set<() => void>()

  function missingAt({ epoch, sequence }: FeedPosition): string[] {
    const nodes = new Set(feed.readers().map(({ node }) => node))
    return [...nodes].filter((node) => {
      const position = reached.get(node)
      return position?.epoch !== epoch || position.sequence < sequence
    })
  }

  async function settle(at: FeedPosition): Promise<void> {
    const isAwaited = () => missingAt(at).some((node) => !late.has(node))
    if (isAwaited()) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = () => isAwaited() || resolve()
      const timer = setTimeout(resolve, patienceMs)
      waiting.add(look)
      await promise
      clearTimeout(timer)
      waiting.delete(look)
    }
    const missing = missingAt(at)
    for (const node of missing) late.add(node)
    // Without a position nobody listens here, and nobody can say how far backends are.
    if (missing.length > 0 || feed.position() === undefined) onUnsettled()
  }

  return {
    authorities: {
      ...store,
      async apply(change) {
        const at = await store.apply(change)
        // Nothing ends by an extension: nobody has to wait for it.
        if (change.type !== 'extend-session') await settle(at)
        return at
      },
    },
    applied({ node, epoch, sequence }) {
      const head = feed.position()
      // Nobody can have taken in what was not told yet; believed, it would settle changes to come.
      if (head?.epoch !== epoch || sequence > head.sequence) return
      late.delete(node)
      reached.delete(node)
      reached.set(node, { epoch, sequence })
      const [oldest] = reached.keys()
      if (reached.size > maxNodes && oldest !== undefined) reached.delete(oldest)
      for (const look of waiting) look()
    },
  }
}
