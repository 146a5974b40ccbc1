// A change is settled when every backend that listens here has applied it: then whoever asked for it is answered, and
// nothing that rested on it is handled any more. One that does not say so in time is not waited for; events in order,
// the sign of life and the periodic question bound what it can still do.

import type { AppliedReport } from '@sallyport/contracts/authority-questions'
import type { AuthorityFeed } from './authority-feed.ts'
import type { AuthorityStore, FeedPosition } from './authority-store.ts'

export type SettleDeps = {
  readonly store: AuthorityStore
  readonly feed: Pick<AuthorityFeed, 'position' | 'readers'>
  /** How long a change waits for backends, in milliseconds. */
  readonly patienceMs: number
  /** Told of each change that did not settle in time. */
  readonly onUnsettled: () => void
}

export type SettledAuthority = {
  /** The store, whose `apply` resolves when the change is settled or was waited for long enough. */
  readonly authorities: AuthorityStore
  /** Takes in how far a backend is. */
  readonly applied: (report: AppliedReport) => void
}

/** More nodes than ever listen at once are not remembered. */
const maxNodes = 1024

/** Wraps a store. */
export function settleChanges(deps: SettleDeps): SettledAuthority {
  const { store, feed, patienceMs, onUnsettled } = deps
  const reached = new Map<string, FeedPosition>()
  const waiting = new Set<() => void>()

  function isAppliedEverywhere(at: FeedPosition): boolean {
    return feed.readers().every(({ node }) => {
      const position = reached.get(node)
      return position?.epoch === at.epoch && position.sequence >= at.sequence
    })
  }

  async function settled(): Promise<void> {
    const at = feed.position()
    if (!at || isAppliedEverywhere(at)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () => isAppliedEverywhere(at) && resolve()
    const timer = setTimeout(() => {
      onUnsettled()
      resolve()
    }, patienceMs)
    waiting.add(look)
    await promise
    clearTimeout(timer)
    waiting.delete(look)
  }

  return {
    authorities: {
      ...store,
      async apply(change) {
        await store.apply(change)
        // Nothing ends by an extension: nobody has to wait for it.
        if (change.type !== 'extend-session') await settled()
      },
    },
    applied({ node, epoch, sequence }) {
      reached.delete(node)
      reached.set(node, { epoch, sequence })
      const [oldest] = reached.keys()
      if (reached.size > maxNodes && oldest !== undefined) reached.delete(oldest)
      for (const look of waiting) look()
    },
  }
}
