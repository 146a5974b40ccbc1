// What one socket has to do while its backend is held: kept in order, done once it is free. The socket is not read
// meanwhile, so that no more is kept than was read already. Knows neither why it is held nor what there is to do.

import type { ConnectionSocket } from './connection-socket.ts'

/** Of the whole backend: held while it is not known whether somebody's end was missed. */
export type Hold = {
  readonly isHeld: () => boolean
  /** Calls back once nothing is held; it may be held again by then. */
  readonly whenFree: (run: () => void) => void
}

type HeldWorkDeps = {
  readonly hold: Hold
  readonly socket: Pick<ConnectionSocket, 'pause' | 'resume'>
  /** Whether the socket is to be read afterwards. */
  readonly isLive: () => boolean
  /** Work that was kept threw. */
  readonly onFault: (error: unknown) => void
}

export type HeldWork = {
  readonly isHeld: () => boolean
  /** Does it now, or in its turn. Whoever gives it asks again by then whether it may still be done. */
  readonly run: (work: () => void) => void
  /** Forgets what is kept. */
  readonly drop: () => void
}

/** Builds the keeper of one socket. */
export function createHeldWork({ hold, socket, isLive, onFault }: HeldWorkDeps): HeldWork {
  let kept: (() => void)[] = []
  let isAwaited = false
  let isCatchingUp = false

  function keep(work: () => void): void {
    kept.push(work)
    socket.pause()
    if (!isAwaited) awaitTurn()
  }

  function awaitTurn(): void {
    isAwaited = true
    hold.whenFree(catchUp)
  }

  function catchUp(): void {
    isAwaited = false
    isCatchingUp = true
    while (kept.length > 0 && !hold.isHeld()) doFirst()
    isCatchingUp = false
    if (kept.length > 0) awaitTurn()
    else if (isLive()) socket.resume()
  }

  function doFirst(): void {
    try {
      kept.shift()?.()
    } catch (error) {
      onFault(error)
    }
  }

  return {
    isHeld: hold.isHeld,
    run(work) {
      const isItsTurn = kept.length === 0 || isCatchingUp
      if (isItsTurn && !hold.isHeld()) work()
      else keep(work)
    },
    drop() {
      kept = []
    },
  }
}
