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
import { createHeldSession, type HeldSession } from './held-session.ts'
import type { SessionApi, SessionFault } from './session-api.ts'
import type { SessionState, SignOutReason } from './session-state.ts'
import type { SignedInMarker } from './signed-in-marker.ts'
import type { TokenStorage } from './token-storage.ts'

type SessionKeeperDeps = {
  readonly api: SessionApi
  readonly storage: TokenStorage
  readonly marker: SignedInMarker
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
  /**
   * Asks once, while nobody is signed in here, whether another tab signed in, and takes its session over.
   * Asks nothing without the marker; changes nothing when there is no session or no answer.
   */
  readonly takeOver: () => Promise<void>
  readonly login: (username: string, password: string) => Promise<Result<undefined, SessionFault>>
  /** Signs out here at once and then tells the server. */
  readonly logout: () => Promise<void>
  /**
   * Takes note that the server ended this page's session. After `session-ended` it asks once whether
   * the browser has a newer one, which then takes over.
   */
  readonly end: (reason: SignOutReason) => void
  readonly getToken: GetToken
  /** True while a cookie says that there is a session (R4.6). */
  readonly hasMarker: () => boolean
}

/** Creates a keeper; makes no request before `start()`. */
export function createSessionKeeper(deps: SessionKeeperDeps): SessionKeeper {
  const { api, storage, marker } = deps
  const held: HeldSession = createHeldSession({ storage, marker, onOver: () => tokens.voidAll() })
  const tokens = createSessionTokens(deps, held)
  const { dispatch, getState } = held
  let isStarted = false
  let loginsUnderWay = 0
  let takingOver: Promise<void> | undefined
  let signingOut: Promise<void> = Promise.resolve()

  async function tellServer(): Promise<void> {
    const told = await api.logout()
    if (!told.ok) dispatch({ type: 'sign-out-unconfirmed' })
  }

  async function askForLogin(
    username: string,
    password: string,
  ): Promise<Result<undefined, SessionFault>> {
    // An earlier sign-out still under way would delete the cookie that this login sets.
    await signingOut
    const answer = await api.login(username, password)
    if (!answer.ok) return err(answer.error)
    tokens.voidAll()
    tokens.adopt(answer.value)
    dispatch({ type: 'logged-in', answer: answer.value })
    return ok(undefined)
  }

  return {
    getState,
    subscribe: held.subscribe,
    hasMarker: marker.isPresent,
    getToken: tokens.getToken,
    start() {
      if (isStarted) return
      isStarted = true
      if (getState().status === 'loading') tokens.validate()
    },
    retry() {
      const state = getState()
      if (state.status !== 'loading' || !state.fault) return
      dispatch({ type: 'retrying' })
      tokens.validate()
    },
    async takeOver() {
      // A login under way says itself who is signed in; its marker may be there before its answer.
      const mayAsk = getState().status === 'anonymous' && loginsUnderWay === 0
      if (!mayAsk || !marker.isPresent()) return
      takingOver ??= tokens.takeOver().finally(() => {
        takingOver = undefined
      })
      await takingOver
    },
    async login(username, password) {
      loginsUnderWay += 1
      try {
        return await askForLogin(username, password)
      } finally {
        loginsUnderWay -= 1
      }
    },
    logout() {
      // Nobody may be signed in here yet: an answer under way must not sign anybody in afterwards.
      tokens.voidAll()
      dispatch({ type: 'ended', reason: 'signed-out' })
      signingOut = tellServer()
      return signingOut
    },
    end(reason) {
      const before = getState()
      dispatch({ type: 'ended', reason })
      const after = getState()
      if (after !== before && after.status === 'loading') tokens.validate()
    },
  }
}

/** The tokens of the session; every answer of the server goes into the state on its way. */
function createSessionTokens(deps: SessionKeeperDeps, held: HeldSession) {
  const { api, marker, now } = deps
  const { getToken, adopt, invalidate } = createTokenSource({ fetchSession, now })
  /** Counts logins and ends: an answer asked for in an earlier era is void. */
  let era = 0

  async function fetchSession(): Promise<IssuedToken> {
    const asked = era
    const answer = await api.validate()
    if (asked !== era) throw new TokenUnavailableError()
    if (!answer.ok) {
      held.dispatch({ type: 'validation-failed', fault: answer.error })
      throw errorOf(answer.error)
    }
    held.dispatch({ type: 'validated', answer: answer.value })
    if (held.getState().status !== 'authenticated') throw new UnauthorizedError()
    return answer.value
  }

  return {
    getToken,
    adopt,
    validate() {
      const signal = new AbortController().signal
      // The outcome is in the state; whoever waits for a token hears of it separately.
      void getToken({ reason: 'connect', signal }).catch(() => {})
    },
    async takeOver() {
      const asked = era
      const answer = await api.validate()
      if (asked !== era) return
      if (answer.ok) {
        adopt(answer.value)
        held.dispatch({ type: 'logged-in', answer: answer.value })
      } else if (answer.error.kind === 'invalid-credentials') {
        // It stands for no session, and would have every later return to the page ask again.
        marker.clear()
      }
    },
    /** Forgets the token and voids every answer still under way. */
    voidAll() {
      era += 1
      invalidate()
    },
  }
}

function errorOf(fault: SessionFault): Error {
  if (fault.kind === 'invalid-credentials') return new UnauthorizedError()
  const isTold = fault.kind === 'rate-limited'
  return new TokenUnavailableError(isTold ? fault.retryAfterSeconds * 1000 : undefined)
}
