// Who is signed in on this page, as data. An outage is never a sign-out: nothing but an answer makes `anonymous`.

import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import type { SessionFault } from './session-api.ts'

export type User = LoginAnswer['user']

/** Why nobody is signed in any more; absent when nobody was. */
export type SignOutReason =
  | 'signed-out'
  /** Signed out here, but the server could not be told. */
  | 'sign-out-unconfirmed'
  | 'session-expired'
  | 'session-ended'

export type SessionState =
  | {
      readonly status: 'loading'
      readonly fault?: SessionFault
      /** The session that was just ended elsewhere; set while asking whether a newer one took its place. */
      readonly endedSessionId?: string
    }
  | {
      readonly status: 'authenticated'
      readonly user: User
      readonly token: string
      /** The session's public id. */
      readonly sessionId: string
    }
  | { readonly status: 'anonymous'; readonly reason?: SignOutReason }

export type SessionEvent =
  | { readonly type: 'logged-in'; readonly answer: LoginAnswer }
  | { readonly type: 'validated'; readonly answer: LoginAnswer }
  | { readonly type: 'validation-failed'; readonly fault: SessionFault }
  | { readonly type: 'retrying' }
  | { readonly type: 'ended'; readonly reason: SignOutReason }
  | { readonly type: 'sign-out-unconfirmed' }

/** Where a page starts: with a marker of an earlier login it must ask, without one it knows. */
export function initialSessionState(hasTrace: boolean): SessionState {
  return hasTrace ? { status: 'loading' } : { status: 'anonymous' }
}

/** The state after an event; the very same object when the event means nothing in this state. */
export function nextSessionState(state: SessionState, event: SessionEvent): SessionState {
  switch (event.type) {
    case 'logged-in':
      return authenticated(event.answer)
    case 'validated':
      return afterAnswer(state, event.answer)
    case 'validation-failed':
      return afterFault(state, event.fault)
    case 'retrying':
      return state.status === 'loading' && state.fault ? { status: 'loading' } : state
    case 'ended':
      return afterEnd(state, event.reason)
    case 'sign-out-unconfirmed':
      return state.status === 'anonymous' && state.reason === 'signed-out'
        ? { status: 'anonymous', reason: 'sign-out-unconfirmed' }
        : state
  }
}

const sessionEnded: SessionState = { status: 'anonymous', reason: 'session-ended' }

function afterEnd(state: SessionState, reason: SignOutReason): SessionState {
  if (state.status === 'anonymous') return state
  if (reason !== 'session-ended') return { status: 'anonymous', reason }
  // Signing in again in another tab ends this page's session too: who is signed in now, only the server knows.
  const isHeld = state.status === 'authenticated'
  return isHeld ? { status: 'loading', endedSessionId: state.sessionId } : state
}

function afterAnswer(state: SessionState, answer: LoginAnswer): SessionState {
  // An answer that arrives after a sign-out must not sign anybody in again.
  if (state.status === 'anonymous') return state
  const isTheEnded = state.status === 'loading' && state.endedSessionId === answer.sessionId
  return isTheEnded ? sessionEnded : authenticated(answer)
}

function afterFault(state: SessionState, fault: SessionFault): SessionState {
  if (state.status === 'anonymous') return state
  // That the session is over was an answer; not hearing of a newer one does not undo it.
  if (state.status === 'loading' && state.endedSessionId !== undefined) return sessionEnded
  if (fault.kind === 'invalid-credentials')
    return { status: 'anonymous', reason: 'session-expired' }
  return state.status === 'loading' ? { status: 'loading', fault } : state
}

function authenticated({ user, token, sessionId }: LoginAnswer): SessionState {
  return { status: 'authenticated', user, token, sessionId }
}
