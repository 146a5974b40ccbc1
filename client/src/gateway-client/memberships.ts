// Which channels a page is in, however many parts of it asked; survives reconnects, so that every new
// connection can join them again before anything queued is said.

export type Memberships = {
  /** True when this is the first one in the channel. */
  enter: (channel: string) => boolean
  /** True when this was the last one in the channel. */
  leave: (channel: string) => boolean
  channels: () => readonly string[]
}

/** Creates an empty set of memberships. */
export function createMemberships(): Memberships {
  const counts = new Map<string, number>()
  return {
    enter(channel) {
      const count = counts.get(channel) ?? 0
      counts.set(channel, count + 1)
      return count === 0
    },
    leave(channel) {
      const count = counts.get(channel) ?? 0
      if (count > 1) counts.set(channel, count - 1)
      else counts.delete(channel)
      return count === 1
    },
    channels: () => [...counts.keys()],
  }
}
