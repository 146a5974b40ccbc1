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
  | { readonly status: 'loading'; readonly fault?: SessionFault }
  | {
      readonly status: 'authenticated'
      readonly user: User
      readonly token: string
      /** On the page's own clock, in milliseconds. */
      readonly expiresAtMs: number
      /** The session's public id. */
      readonly sessionId: string
    }
  | { readonly status: 'anonymous'; readonly reason?: SignOutReason }

export type SessionEvent =
  | { readonly type: 'logged-in'; readonly answer: LoginAnswer; readonly nowMs: number }
  | { readonly type: 'validated'; readonly answer: LoginAnswer; readonly nowMs: number }
  | { readonly type: 'validation-failed'; readonly fault: SessionFault }
  | { readonly type: 'retrying' }
  | { readonly type: 'ended'; readonly reason: SignOutReason }
  | { readonly type: 'sign-out-unconfirmed' }

/** Where a page starts: with a sign of an earlier login it must ask, without one it knows. */
export function initialSessionState(hasSign: boolean): SessionState {
  return hasSign ? { status: 'loading' } : { status: 'anonymous' }
}

/** The state after an event; the very same object when the event means nothing in this state. */
export function nextSessionState(state: SessionState, event: SessionEvent): SessionState {
  switch (event.type) {
    case 'logged-in':
      return authenticated(event.answer, event.nowMs)
    case 'validated':
      // An answer that arrives after a sign-out must not sign anybody in again.
      return state.status === 'anonymous' ? state : authenticated(event.answer, event.nowMs)
    case 'validation-failed':
      return afterFault(state, event.fault)
    case 'retrying':
      return state.status === 'loading' && state.fault ? { status: 'loading' } : state
    case 'ended':
      return state.status === 'anonymous' ? state : { status: 'anonymous', reason: event.reason }
    case 'sign-out-unconfirmed':
      return state.status === 'anonymous' && state.reason === 'signed-out'
        ? { status: 'anonymous', reason: 'sign-out-unconfirmed' }
        : state
  }
}

function afterFault(state: SessionState, fault: SessionFault): SessionState {
  if (state.status === 'anonymous') return state
  if (fault.kind === 'invalid-credentials')
    return { status: 'anonymous', reason: 'session-expired' }
  return state.status === 'loading' ? { status: 'loading', fault } : state
}

function authenticated(answer: LoginAnswer, nowMs: number): SessionState {
  const { user, token, sessionId } = answer
  return {
    status: 'authenticated',
    user,
    token,
    expiresAtMs: nowMs + answer.expiresInMs,
    sessionId,
  }
}
