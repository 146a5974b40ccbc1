// The session's state, who listens to it, and what of it rests outside the page. Other tabs share the marker and,
// where it is chosen, localStorage: only an end that holds for the whole browser may clear what they share.

import {
  initialSessionState,
  nextSessionState,
  type SessionEvent,
  type SessionState,
} from './session-state.ts'
import type { SignedInMarker } from './signed-in-marker.ts'
import type { TokenStorage } from './token-storage.ts'

type HeldSessionDeps = {
  readonly storage: TokenStorage
  readonly marker: SignedInMarker
  /** Called when a session, or the hope for one, is over, before anybody else hears of it. */
  readonly onOver: () => void
}

export type HeldSession = {
  readonly getState: () => SessionState
  readonly subscribe: (listener: () => void) => () => void
  readonly dispatch: (event: SessionEvent) => void
}

/** Starts from what an earlier visit left. */
export function createHeldSession(deps: HeldSessionDeps): HeldSession {
  const { storage, marker, onOver } = deps
  const listeners = new Set<() => void>()
  let state = initialSessionState(marker.isPresent() || storage.read() !== undefined)

  function forget(before: SessionState, event: SessionEvent): void {
    const isOwnToken = before.status === 'authenticated' && storage.read() === before.token
    if (endsWholeBrowser(event)) marker.clear()
    if (endsWholeBrowser(event) || isOwnToken) storage.clear()
  }

  return {
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    dispatch(event) {
      const before = state
      state = nextSessionState(before, event)
      if (state === before) return
      if (state.status === 'authenticated') storage.write(state.token)
      if (isOver(before, state)) {
        onOver()
        forget(before, event)
      }
      for (const listener of listeners) listener()
    },
  }
}

/** True for an end that says something about the cookie all tabs share, not only about this page's session. */
function endsWholeBrowser(event: SessionEvent): boolean {
  if (event.type === 'validation-failed') return event.fault.kind === 'invalid-credentials'
  return event.type === 'ended' && event.reason === 'signed-out'
}

function isOver(before: SessionState, after: SessionState): boolean {
  if (before.status === 'authenticated') return after.status !== 'authenticated'
  return before.status === 'loading' && after.status === 'anonymous'
}
