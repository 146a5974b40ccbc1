// Things on their way – lines, questions, answers – that arrive in an order a seed decides; what is on one way stays in
// order. Test code only.

import { setImmediate as turnPasses } from 'node:timers/promises'

type Step = () => void

/** One way: puts steps on it, or loses all that are still on it. */
export type Way = { readonly put: (step: Step) => void; readonly lose: () => void }

/** Yields the same numbers in [0, 1) for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Builds the ways of one run. */
export function createSeededSteps(random: () => number) {
  const ways = new Set<Step[]>()

  /** Lets one step arrive; false when nothing is on its way. Everything that follows from it has happened by then. */
  async function arrive(): Promise<boolean> {
    await turnPasses()
    const ready = [...ways].filter((steps) => steps.length > 0)
    const chosen = ready[Math.floor(random() * ready.length)]
    chosen?.shift()?.()
    if (chosen) await turnPasses()
    return chosen !== undefined
  }

  return {
    makeWay(): Way {
      const steps: Step[] = []
      ways.add(steps)
      return {
        put: (step) => void steps.push(step),
        lose: () => void steps.splice(0),
      }
    },
    /** Lets at most so many steps arrive. */
    async some(count: number): Promise<void> {
      for (let left = count; left > 0 && (await arrive()); left -= 1);
    },
    async all(): Promise<void> {
      while (await arrive());
    },
  }
}

export type SeededSteps = ReturnType<typeof createSeededSteps>
