// How long nothing could be heard of what ends. Live sockets may go on unseen for so long and no longer. Knows no socket.

type BlindWatchDeps = {
  readonly maxBlindMs: number
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  /** Called once each time it has lasted too long. */
  readonly onTooLong: () => void
}

/** Starts blind: nothing was heard yet. */
export function createBlindWatch({ maxBlindMs, now, onTooLong }: BlindWatchDeps) {
  let blindSinceMs: number | undefined
  let timer: NodeJS.Timeout | undefined

  function begin(): void {
    if (blindSinceMs !== undefined) return
    blindSinceMs = now()
    timer = setTimeout(onTooLong, maxBlindMs)
  }

  function end(): void {
    clearTimeout(timer)
    blindSinceMs = undefined
  }

  const blindForMs = (): number => (blindSinceMs === undefined ? 0 : now() - blindSinceMs)
  begin()
  return {
    sees: (isSeeing: boolean): void => (isSeeing ? end() : begin()),
    blindForMs,
    /** From then on no socket may live, old or new, until something is heard again. */
    isTooLong: (): boolean => blindForMs() >= maxBlindMs,
    close: end,
  }
}
