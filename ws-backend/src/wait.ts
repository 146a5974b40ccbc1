// Waiting that a stop can cut short.

/** Resolves after `ms`, or as soon as `stopped` is aborted. */
export function wait(ms: number, stopped: AbortSignal): Promise<void> {
  if (stopped.aborted) return Promise.resolve()
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const stop = () => {
    clearTimeout(timer)
    resolve()
  }
  stopped.addEventListener('abort', stop)
  return promise.finally(() => stopped.removeEventListener('abort', stop))
}
