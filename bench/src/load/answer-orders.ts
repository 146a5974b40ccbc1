// The load process's end of the line to the bench: an order comes, its result goes, a fault goes in words.

import type { LoadResult } from './load-protocol.ts'

/** Runs every order that the parent sends; ends with the parent. */
export function answerOrders<Order>(run: (order: Order) => Promise<LoadResult>): void {
  process.on('message', (order: Order) => {
    run(order).then(
      (result) => process.send?.(result),
      (error: Error) => process.send?.({ ...nothing, fault: error.message } satisfies LoadResult),
    )
  })
  process.on('disconnect', () => process.exit(0))
}

const nothing: LoadResult = {
  answered: 0,
  surprises: 0,
  surprise: '',
  seconds: 0,
  latencyMs: { p50: 0, p99: 0 },
  assertion: '',
}
