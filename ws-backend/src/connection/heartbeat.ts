// Server-driven heartbeat: the ping is how the server reaps, the `hb` message how a page notices a dead socket.

export type Heartbeat = { readonly answered: () => void; readonly cancel: () => void }

/** Intervals without an answer after which the peer counts as gone. */
const maxUnanswered = 2

/** Calls `beat` every `intervalMs`, and `onLost` once two whole intervals went by without an answer. */
export function startHeartbeat(
  intervalMs: number,
  beat: () => void,
  onLost: () => void,
): Heartbeat {
  let unanswered = 0
  const timer = setInterval(() => {
    if (unanswered >= maxUnanswered) {
      clearInterval(timer)
      onLost()
      return
    }
    unanswered += 1
    beat()
  }, intervalMs)
  return {
    answered: () => {
      unanswered = 0
    },
    cancel: () => clearInterval(timer),
  }
}
