// Which channels a page is in, however many parts of it asked; survives reconnects, so that every new
// connection can join them again before anything queued is said. A sign-out ends them all.

type Memberships = {
  /** Takes a member in; true when it is the first one in the channel. */
  enter: (channel: string, member: symbol) => boolean
  /** Lets a member go; true when it was in and was the last one. */
  leave: (channel: string, member: symbol) => boolean
  channels: () => readonly string[]
  forget: () => void
}

/** Creates an empty set of memberships. */
export function createMemberships(): Memberships {
  const members = new Map<string, Set<symbol>>()
  return {
    enter(channel, member) {
      const present = members.get(channel)
      if (present) present.add(member)
      else members.set(channel, new Set([member]))
      return !present
    },
    leave(channel, member) {
      const present = members.get(channel)
      // Whoever entered before everything was forgotten must not end a later membership.
      if (!present?.delete(member) || present.size > 0) return false
      return members.delete(channel)
    },
    channels: () => [...members.keys()],
    forget: () => members.clear(),
  }
}
