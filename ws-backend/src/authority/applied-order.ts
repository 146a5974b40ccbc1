// When may it be said that a feed was applied up to a place? Places are cumulative: once everything that its lines up to
// there caused is done. What is done at once is said at once, unless something before it is not. Knows no line.

type AppliedOrderDeps<Position> = {
  readonly onApplied: (position: Position) => void
  /** The feed said that nothing was missed, and what it said before is done. */
  readonly onProved: () => void
}

/** What came behind one cause, before the next. */
type Stretch<Position> = { isDone: boolean; position: Position | undefined; proofs: number }

/** Builds the order of one feed. */
export function createAppliedOrder<Position>(deps: AppliedOrderDeps<Position>) {
  const stretches: Stretch<Position>[] = []
  let reached: Position | undefined

  function tellDone(): void {
    while (stretches[0]?.isDone) {
      const done = stretches.shift()
      if (done?.position !== undefined) deps.onApplied(done.position)
      for (let left = done?.proofs ?? 0; left > 0; left -= 1) deps.onProved()
    }
  }

  async function finish(stretch: Stretch<Position>, work: Promise<void>): Promise<void> {
    await work
    stretch.isDone = true
    tellDone()
  }

  return {
    /** A line caused something that takes its time. */
    caused(work: Promise<void>): void {
      const stretch = { isDone: false, position: undefined, proofs: 0 }
      stretches.push(stretch)
      void finish(stretch, work)
    },
    /** Means nothing when it is the place that was reached before. */
    reached(position: Position): void {
      if (position === reached) return
      reached = position
      const last = stretches.at(-1)
      if (last) last.position = position
      else deps.onApplied(position)
    },
    proved(): void {
      const last = stretches.at(-1)
      if (last) last.proofs += 1
      else deps.onProved()
    },
  }
}
