// What was refused since the last summary, in bounded memory however many addresses take part in a storm.

/** Refusals of a stretch of time; every label is a constant of ours. */
export type RefusalSummary = {
  readonly refused: number
  /** `code/reason` → how often. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Distinct client addresses; not counted further than `maxAddresses`. */
  readonly addresses: number
  readonly topAddress: string | undefined
  /** At least so many were that address's own; exact while few addresses take part. */
  readonly topAttempts: number
}

export type RefusalTally = {
  readonly add: (code: string, reason: string, address: string | undefined) => void
  /** What was added since the last call, and begins anew; undefined when nothing was. */
  readonly take: () => RefusalSummary | undefined
}

/** Distinct addresses are counted up to here. */
export const maxAddresses = 1000

/** An address with more than one in so many refusals is found for certain. */
const topCounters = 128

/** Reasons are constants; should one not be, the summary stays bounded all the same. */
const maxOutcomes = 100

/** Makes an empty tally. */
export function createRefusalTally(): RefusalTally {
  let refused = 0
  const outcomes = new Map<string, number>()
  const addresses = new Set<string>()
  const heavy = new Map<string, number>()

  function addOutcome(outcome: string): void {
    const known = outcomes.get(outcome)
    const key = known !== undefined || outcomes.size < maxOutcomes ? outcome : 'other'
    outcomes.set(key, (known ?? outcomes.get(key) ?? 0) + 1)
  }

  /** Misra and Gries: with all counters taken a newcomer costs every one a count, so only the heavy stay. */
  function addHeavy(address: string): void {
    const count = heavy.get(address)
    if (count !== undefined || heavy.size < topCounters) {
      heavy.set(address, (count ?? 0) + 1)
      return
    }
    for (const [other, attempts] of heavy) {
      if (attempts === 1) heavy.delete(other)
      else heavy.set(other, attempts - 1)
    }
  }

  return {
    add(code, reason, address) {
      refused += 1
      addOutcome(`${code}/${reason}`)
      if (address === undefined) return
      if (addresses.size < maxAddresses) addresses.add(address)
      addHeavy(address)
    },
    take() {
      if (refused === 0) return undefined
      const [topAddress, topAttempts] = largest(heavy)
      const summary = {
        refused,
        outcomes: Object.fromEntries(outcomes),
        addresses: addresses.size,
        topAddress,
        topAttempts,
      }
      refused = 0
      for (const part of [outcomes, addresses, heavy]) part.clear()
      return summary
    },
  }
}

function largest(counts: ReadonlyMap<string, number>): readonly [string | undefined, number] {
  let top: readonly [string | undefined, number] = [undefined, 0]
  for (const entry of counts) if (entry[1] > top[1]) top = entry
  return top
}
