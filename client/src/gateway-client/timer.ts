// Timers that cannot misfire: `setTimeout` with more than 2^31-1, NaN or Infinity fires at once in every engine.

/** The longest delay `setTimeout` understands, in milliseconds. */
export const maxTimerMs = 2 ** 31 - 1

/** Starts a timer and answers how to cancel it; delays are in milliseconds. */
export type SetTimer = (callback: () => void, delayMs: number) => () => void

/** Brings a delay into the range a timer understands; what is no number waits as long as it can. */
export function clampDelayMs(delayMs: number): number {
  return Number.isNaN(delayMs) ? maxTimerMs : Math.min(Math.max(0, delayMs), maxTimerMs)
}

/** The platform's timer, clamped. */
export const setPlatformTimer: SetTimer = (callback, delayMs) => {
  const handle = setTimeout(callback, clampDelayMs(delayMs))
  return () => clearTimeout(handle)
}
