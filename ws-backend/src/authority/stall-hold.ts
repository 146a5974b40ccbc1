// After a stall nothing goes on until it is known that nothing was missed: everybody was asked about, or a feed said so.
// Both count only from after the stall: what was said during it still waits to be read. Knows no socket.

import { feedAliveIntervalMs } from '@sallyport/contracts/authority-event'
import type { Log } from '@sallyport/service-kit/log'
import { type Clocks } from '../connection/expiry-timer.ts'
import type { Hold } from '../connection/held-work.ts'
import { createStallWatch } from './stall-watch.ts'

type StallHoldDeps = Clocks & {
  /** Resolves when everybody was asked about who was there at the call, and those who were not good are dead. */
  readonly askAboutAll: () => Promise<void>
  /** Calls back once the event loop has looked after everything else. */
  readonly nextTurn: (callback: () => void) => void
  readonly log: Log
}

/** `proofs`: how many lines that all is well each feed must say until one of them was surely said after the stall. */
type Held = {
  readonly sinceMs: number
  readonly proofs: number
  readonly heard: Map<string, number>
}

/** How many sockets go on in one turn of the event loop. */
const releasedPerTurn = 100

/** Starts watching; free until the process stands still. */
export function createStallHold(deps: StallHoldDeps) {
  const { now, nextTurn, log } = deps
  let held: Held | undefined
  let isClosed = false
  let isReleasing = false
  let waiting: (() => void)[] = []
  const watch = createStallWatch({ ...deps, onStall: begin })

  function begin(stalledMs: number): void {
    log.warn(
      { stalledMs: Math.round(stalledMs) },
      'this process stood still: asking what it missed',
    )
    // As many as fit into the stall lie unread perhaps, one that was on its way before it, and the one to believe.
    const proofs = Math.floor(stalledMs / feedAliveIntervalMs) + 3 + (held?.proofs ?? 0)
    void ask({ sinceMs: held?.sinceMs ?? now(), proofs, heard: new Map() })
  }

  async function ask(next: Held): Promise<void> {
    held = next
    // A round that began before the last stall proves nothing about it.
    await deps.askAboutAll()
    release(next)
  }

  function release(proven: Held): void {
    if (held !== proven || isClosed) return
    held = undefined
    log.info({ heldMs: Math.round(now() - proven.sinceMs) }, 'what was missed is known: going on')
    if (!isReleasing) goOn()
  }

  /** A slice a turn; whoever is not reached before the next stall waits on. */
  function goOn(): void {
    isReleasing = held === undefined && waiting.length > 0
    if (!isReleasing) return
    const slice = waiting.slice(0, releasedPerTurn)
    waiting = waiting.slice(releasedPerTurn)
    for (const run of slice) run()
    nextTurn(goOn)
  }

  const hold: Hold = {
    isHeld() {
      watch.look()
      return held !== undefined
    },
    whenFree(run) {
      waiting.push(run)
      if (held === undefined && !isReleasing) goOn()
    },
  }
  return {
    ...hold,
    /** A feed was opened: whatever it says was said after every stall before. */
    feedOpened: (feed: string): void => void held?.heard.set(feed, held.proofs - 1),
    /** A feed said that nothing was missed, and all that it said before is done. */
    feedProved(feed: string): void {
      if (!held) return
      const heard = (held.heard.get(feed) ?? 0) + 1
      held.heard.set(feed, heard)
      if (heard >= held.proofs) release(held)
    },
    /** Somebody's authority was replaced meanwhile, by an answer that may be as old as the stall. */
    askAgain(): void {
      if (held) void ask({ ...held })
    },
    close(): void {
      isClosed = true
      watch.close()
    },
  }
}
