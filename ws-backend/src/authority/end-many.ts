// Ending many sockets without holding up the rest: all of them are dead at once, and the goodbyes are said a slice a turn
// of the event loop. Knows neither why they end nor what a goodbye is.

import type { CloseName } from '@sallyport/contracts/close-codes'
import type { Connection } from '../connection/connection-types.ts'

/** How many goodbyes are said in one turn, whatever they come of. */
export const goodbyesPerTurn = 100

type Ending = Pick<Connection, 'markDead' | 'sayGoodbye'>

/** Builds the way to end; `nextTurn` calls back once the event loop has looked after everything else. */
export function createEndMany(nextTurn: (callback: () => void) => void) {
  const waiting: Ending[] = []
  let left = goodbyesPerTurn
  let isTurnAwaited = false

  function sayGoodbyes(): void {
    const slice = waiting.splice(0, left)
    left -= slice.length
    for (const connection of slice) connection.sayGoodbye()
    if (slice.length === 0 || isTurnAwaited) return
    isTurnAwaited = true
    nextTurn(() => {
      isTurnAwaited = false
      left = goodbyesPerTurn
      sayGoodbyes()
    })
  }

  /** When it returns all of them are dead; the first of the goodbyes are said, the others follow. */
  return function endMany(connections: readonly Ending[], name: CloseName): void {
    for (const connection of connections) connection.markDead(name)
    for (const connection of connections) waiting.push(connection)
    sayGoodbyes()
  }
}

export type EndMany = ReturnType<typeof createEndMany>
