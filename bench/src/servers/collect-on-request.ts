// Loaded into the sidecar before its own code, for the memory figure only: collects garbage when the bench asks and
// says what V8 holds then, for people who watch; the figure itself is read from outside. Needs --expose-gc.

process.on('message', () => {
  globalThis.gc?.()
  process.send?.(process.memoryUsage())
})
// Keeps nothing alive that the sidecar would let go.
process.channel?.unref()
