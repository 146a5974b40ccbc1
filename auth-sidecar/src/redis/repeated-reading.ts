// Something that is read to its end whenever asked, and every so often: one reading at a time, and who asks during one
// gets another after it. A failed one is told, and the next comes all the same.

export type RepeatedReading = {
  /** Resolves when what was there at the call has been read, or could not be. */
  readonly now: () => Promise<void>
  readonly close: () => void
}

export type RepeatedReadingDeps = {
  /** Reads once; true when there is more to read at once. */
  readonly readOnce: () => Promise<boolean>
  readonly onFailure: (error: unknown) => void
  readonly intervalMs: number
}

/** Begins with the first call of `now`. */
export function repeatReading(deps: RepeatedReadingDeps): RepeatedReading {
  const { readOnce, onFailure, intervalMs } = deps
  let running: Promise<void> | undefined
  let isAskedAgain = false
  let isClosed = false
  let timer: NodeJS.Timeout | undefined

  async function readToEnd(): Promise<void> {
    clearTimeout(timer)
    try {
      do {
        isAskedAgain = false
        const isMore = await readOnce()
        isAskedAgain ||= isMore
      } while (isAskedAgain && !isClosed)
    } catch (error) {
      onFailure(error)
    }
    running = undefined
    if (!isClosed) timer = setTimeout(() => void now(), intervalMs)
  }

  function now(): Promise<void> {
    if (isClosed) return Promise.resolve()
    isAskedAgain = true
    running ??= readToEnd()
    return running
  }

  return {
    now,
    close() {
      isClosed = true
      clearTimeout(timer)
    },
  }
}
