// A map that knows its oldest entry at no cost. Asking a `Map` for its first entry anew each time walks over
// all that were deleted since its last rehash: a queue of 100,000 would cost tens of microseconds a step.

/** Entries in order of insertion; setting a key that is held keeps its place. */
export type AgedMap<Value> = {
  readonly size: () => number
  readonly get: (key: string) => Value | undefined
  readonly set: (key: string, value: Value) => void
  readonly delete: (key: string) => void
  /** The entry that was inserted first of those held. */
  readonly oldest: () => readonly [string, Value] | undefined
}

/** Makes an empty one. */
export function createAgedMap<Value>(): AgedMap<Value> {
  const entries = new Map<string, Value>()
  // What lies behind the cursor was deleted, but for `first`, which it has read and which still stands.
  let cursor = entries.keys()
  let first: string | undefined

  return {
    size: () => entries.size,
    get: (key) => entries.get(key),
    set: (key, value) => void entries.set(key, value),
    delete(key) {
      entries.delete(key)
      if (key === first) first = undefined
    },
    oldest() {
      if (first === undefined) {
        let step = cursor.next()
        if (step.done) {
          // A cursor that came to the end once stays there.
          cursor = entries.keys()
          step = cursor.next()
        }
        if (step.done) return undefined
        first = step.value
      }
      return [first, entries.get(first) as Value]
    },
  }
}
