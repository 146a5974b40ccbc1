// Who is served next when more ask than can be served: known devices first, then everybody by turns, so that one
// address's crowd waits behind itself and not in front of others. Data only: knows no clock and no worker.

/** Whose turn it uses. */
export type Asker = {
  /** Those who ask under one key wait behind each other. */
  readonly key: string
  /** Goes before all who are not. */
  readonly isKnown: boolean
}

export type FairQueue<Entry> = {
  /** False, and nothing is kept, when the key or the queue has as many as it may. */
  readonly add: (asker: Asker, entry: Entry) => boolean
  /** Takes out the entry whose turn it is. */
  readonly take: () => Entry | undefined
  /** Takes out one that gave up. */
  readonly remove: (asker: Asker, entry: Entry) => void
  readonly size: () => number
}

export type FairQueueOptions = {
  readonly maxEntries: number
  readonly maxPerKey: number
}

type Lane<Entry> = Map<string, Entry[]>

/** An empty queue. */
export function createFairQueue<Entry>(options: FairQueueOptions): FairQueue<Entry> {
  // A Map iterates in order of insertion: the first key is the one that has waited longest for its turn.
  const known: Lane<Entry> = new Map()
  const others: Lane<Entry> = new Map()
  const laneOf = ({ isKnown }: Asker) => (isKnown ? known : others)
  const countOf = (lane: Lane<Entry>) =>
    [...lane.values()].reduce((sum, entries) => sum + entries.length, 0)

  return {
    add(asker, entry) {
      const lane = laneOf(asker)
      const entries = lane.get(asker.key) ?? []
      // Bounded apart: a crowd of strangers must not shut known devices out.
      if (entries.length >= options.maxPerKey || countOf(lane) >= options.maxEntries) return false
      entries.push(entry)
      lane.set(asker.key, entries)
      return true
    },
    take() {
      const lane = known.size > 0 ? known : others
      const [first] = lane
      if (!first) return undefined
      const [key, entries] = first
      const entry = entries.shift()
      lane.delete(key)
      // To the end: the next turn is another key's.
      if (entries.length > 0) lane.set(key, entries)
      return entry
    },
    remove(asker, entry) {
      const lane = laneOf(asker)
      const left = (lane.get(asker.key) ?? []).filter((each) => each !== entry)
      if (left.length > 0) lane.set(asker.key, left)
      else lane.delete(asker.key)
    },
    size: () => countOf(known) + countOf(others),
  }
}
