// Keeps the page's session: checks what is stored, asks the server once, signs in and out, hands out tokens.
// Framework-free; the React binding only subscribes. Must not know of sockets.

import { err, ok, type Result } from '@sallyport/contracts/result'
import {
  createTokenSource,
  type GetToken,
  type IssuedToken,
  TokenUnavailableError,
  UnauthorizedError,
} from '../gateway-client/token-source.ts'
import type { SessionApi, SessionFault } from './session-api.ts'
import {
  initialSessionState,
  nextSessionState,
  type SessionEvent,
  type SessionState,
  type SignOutReason,
} from './session-state.ts'
import type { SignedInSign } from './signed-in-sign.ts'
import type { TokenStorage } from './token-storage.ts'

export type SessionKeeperDeps = {
  readonly api: SessionApi
  readonly storage: TokenStorage
  readonly sign: SignedInSign
  /** Milliseconds of the wall clock. */
  readonly now: () => number
}

export type SessionKeeper = {
  readonly getState: () => SessionState
  readonly subscribe: (listener: () => void) => () => void
  /** Validates what an earlier visit left, once; further calls do nothing. */
  readonly start: () => void
  /** Asks again after an outage. */
  readonly retry: () => void
  readonly login: (username: string, password: string) => Promise<Result<undefined, SessionFault>>
  /** Signs out here at once and then tells the server. */
  readonly logout: () => Promise<void>
  /** Takes note that the server ended the session. */
  readonly end: (reason: SignOutReason) => void
  readonly getToken: GetToken
  /** True while a cookie says that there is a session (R4.6). */
  readonly hasSign: () => boolean
}

/** Creates a keeper; makes no request before `start()`. */
export function createSessionKeeper(deps: SessionKeeperDeps): SessionKeeper {
  const { api, storage, sign, now } = deps
  const listeners = new Set<() => void>()
  const tokens = createTokenSource({ fetchSession, now })
  let state = initialSessionState(sign.isPresent() || storage.read() !== undefined)
  let isStarted = false
  let signingOut: Promise<void> = Promise.resolve()
  /** Counts logins and sign-outs: an answer asked for in an earlier era is void. */
  let era = 0

  function dispatch(event: SessionEvent): void {
    const following = nextSessionState(state, event)
    if (following === state) return
    const before = state
    state = following
    if (state.status === 'authenticated') storage.write(state.token)
    if (state.status === 'anonymous' && before.status !== 'anonymous') forget()
    for (const listener of listeners) listener()
  }

  function forget(): void {
    era += 1
    tokens.invalidate()
    storage.clear()
    sign.clear()
  }

  async function fetchSession(): Promise<IssuedToken> {
    const asked = era
    const answer = await api.validate()
    if (asked !== era) throw new TokenUnavailableError()
    if (answer.ok) {
      dispatch({ type: 'validated', answer: answer.value, nowMs: now() })
      return answer.value
    }
    dispatch({ type: 'validation-failed', fault: answer.error })
    throw errorOf(answer.error)
  }

  const validate = () => {
    const signal = new AbortController().signal
    // The outcome is in the state; whoever waits for a token hears of it separately.
    void tokens.getToken({ reason: 'connect', signal }).catch(() => {})
  }

  async function tellServer(): Promise<void> {
    const told = await api.logout()
    if (!told.ok) dispatch({ type: 'sign-out-unconfirmed' })
  }

  return {
    getState: () => state,
    hasSign: sign.isPresent,
    getToken: tokens.getToken,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start() {
      if (isStarted) return
      isStarted = true
      if (state.status === 'loading') validate()
    },
    retry() {
      if (state.status !== 'loading' || !state.fault) return
      dispatch({ type: 'retrying' })
      validate()
    },
    async login(username, password) {
      // An earlier sign-out still under way would delete the cookie that this login sets.
      await signingOut
      const answer = await api.login(username, password)
      if (!answer.ok) return err(answer.error)
      era += 1
      tokens.invalidate()
      tokens.adopt(answer.value)
      dispatch({ type: 'logged-in', answer: answer.value, nowMs: now() })
      return ok(undefined)
    },
    logout() {
      dispatch({ type: 'ended', reason: 'signed-out' })
      signingOut = tellServer()
      return signingOut
    },
    end: (reason) => dispatch({ type: 'ended', reason }),
  }
}

function errorOf(fault: SessionFault): Error {
  if (fault.kind === 'invalid-credentials') return new UnauthorizedError()
  const isTold = fault.kind === 'rate-limited'
  return new TokenUnavailableError(isTold ? fault.retryAfterSeconds * 1000 : undefined)
}
