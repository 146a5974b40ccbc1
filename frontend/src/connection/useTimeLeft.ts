// How much of a wait is left, for people who look at it. Decides nothing: the client has its own timer.

import { useEffect, useState } from 'react'

const tickMs = 1000

/** Milliseconds left of a wait of `delayMs` that began with this object `wait`; undefined without a wait. */
export function useTimeLeft(wait: { readonly delayMs: number } | undefined): number | undefined {
  const [passed, setPassed] = useState({ wait, ms: 0 })
  useEffect(() => {
    if (!wait) return undefined
    const startedAtMs = performance.now()
    const tick = () => setPassed({ wait, ms: performance.now() - startedAtMs })
    const ticking = setInterval(tick, tickMs)
    return () => clearInterval(ticking)
  }, [wait])
  if (!wait) return undefined
  return Math.max(0, wait.delayMs - (passed.wait === wait ? passed.ms : 0))
}
