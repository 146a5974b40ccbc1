// Which node reads the feed over which HTTP/2 session. All backends have one role and one certificate form: the session on
// which a node's feed is open is what tells it from the others. Knows no line and no position.

export type FeedHolders = {
  /** The node's feed is open on this session until the answer is called. */
  readonly hold: (session: object, node: string) => () => void
  readonly holds: (session: object, node: string) => boolean
}

/** Nobody holds anything yet; a session that is gone is forgotten. */
export function createFeedHolders(): FeedHolders {
  // A list, not a set: one session may have several feeds of a node, and the end of one leaves the others.
  const nodesOf = new WeakMap<object, readonly string[]>()
  return {
    hold(session, node) {
      nodesOf.set(session, [...(nodesOf.get(session) ?? []), node])
      return () => {
        const nodes = nodesOf.get(session) ?? []
        const at = nodes.indexOf(node)
        nodesOf.set(session, at < 0 ? nodes : nodes.toSpliced(at, 1))
      }
    },
    holds: (session, node) => nodesOf.get(session)?.includes(node) ?? false,
  }
}
