// Lines gathered into one write. Under load a write for each line would cost more than the line, and so would
// joining the texts before they are encoded: each is encoded where it will be sent from.

/** Bytes that are sent together once they are there; a longer line goes out by itself. */
const batchBytes = 32 * 1024
/** Lines beyond this length are encoded on their own, so that a batch has room for any other. */
const maxLineLength = 8 * 1024
/** UTF-8 takes three bytes at most for a unit of UTF-16. */
const capacity = batchBytes + 3 * maxLineLength

/** No line waits longer than this. */
const maxDelayMs = 50

export type LineBatch = {
  readonly write: (line: string) => void
  /** Sends what is there now. */
  readonly flush: () => void
}

/** Gathers lines and hands their bytes to `send`, which may keep them. */
export function createLineBatch(send: (bytes: Buffer) => void): LineBatch {
  let batch = Buffer.allocUnsafe(capacity)
  let length = 0
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (length === 0) return
    const bytes = batch.subarray(0, length)
    batch = Buffer.allocUnsafe(capacity)
    length = 0
    send(bytes)
  }

  return {
    flush,
    write(line) {
      if (line.length > maxLineLength) {
        flush()
        return send(Buffer.from(line))
      }
      length += batch.write(line, length)
      if (length >= batchBytes) flush()
      else timer ??= setTimeout(flush, maxDelayMs)
    },
  }
}
