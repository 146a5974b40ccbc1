// The arithmetic of a comparison: rounds that take turns, a ratio for each round, the median and the range.
// Pure but for calling what it is given; knows no server, no clock and no unit.

/** What one comparison says: the median of its rounds, and the lowest and highest of them. */
export type Spread = { readonly median: number; readonly low: number; readonly high: number }

/** The middle of the values, or the mean of the two middle ones; throws on an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  if (upper === undefined || lower === undefined) throw new Error('a median needs a value')
  return (lower + upper) / 2
}

/**
 * The value that `share` (0–1) of the values do not exceed, by nearest rank: with 0.99 one in a hundred is slower.
 * Throws on an empty list.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const found = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  if (found === undefined) throw new Error('a percentile needs a value')
  return found
}

/** Median, lowest and highest of the values; throws on an empty list. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), low: Math.min(...values), high: Math.max(...values) }
}

/** One sample of every subject, all taken in the same round. */
export type Round<Name extends string, Sample> = Readonly<Record<Name, Sample>>

/**
 * Measures the subjects in turns, A B A B …, so that whatever slows the machine down meets all of them.
 * Rejects as soon as one sample cannot be taken.
 */
export async function interleave<Name extends string, Sample>(
  names: readonly Name[],
  rounds: number,
  sample: (name: Name, round: number) => Promise<Sample>,
): Promise<Round<Name, Sample>[]> {
  const taken: Round<Name, Sample>[] = []
  for (let round = 1; round <= rounds; round += 1) {
    const samples: [Name, Sample][] = []
    for (const name of names) samples.push([name, await sample(name, round)])
    taken.push(Object.fromEntries(samples) as Round<Name, Sample>)
  }
  return taken
}

/** The spread of a ratio that is formed inside each round, never across rounds. */
export function ratioOfRounds<R>(
  rounds: readonly R[],
  numerator: (round: R) => number,
  denominator: (round: R) => number,
): Spread {
  return spreadOf(rounds.map((round) => numerator(round) / denominator(round)))
}
