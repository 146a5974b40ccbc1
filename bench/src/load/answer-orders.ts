// The load process's end of the line to the bench: an order comes, its result goes, a fault goes in words.

/** Runs every order that the parent sends; ends with the parent. */
export function answerOrders<Order, Result extends object>(
  run: (order: Order) => Promise<Result>,
): void {
  process.on('message', (order: Order) => {
    run(order).then(
      (result) => process.send?.(result),
      (error: Error) => process.send?.({ fault: error.message }),
    )
  })
  process.on('disconnect', () => process.exit(0))
}
