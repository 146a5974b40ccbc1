// The pairs of a running system: one, or as many as it has replicas. The suites of `live/` speak to the first and
// listen at the last, so that the same file proves its rows on one node and on two.

import type { Stack } from './stack.ts'

export type Pair = Pick<Stack, 'stateFolder' | 'credentials' | 'endpoints'>

/** Every pair of a system, each in the form of a system of its own. */
export function pairsOf(stack: Pair): readonly Pair[] {
  return stack.endpoints.replicas.map((replica) => ({
    ...stack,
    endpoints: { ...stack.endpoints, ...replica },
  }))
}

/** Where a test acts, and where it looks: two pairs when there are two. */
export function hereAndThere(stack: Pair): { readonly here: Pair; readonly there: Pair } {
  const pairs = pairsOf(stack)
  return { here: pairs[0] ?? stack, there: pairs.at(-1) ?? stack }
}
