// Where the client's tokens come from: one request at a time, a token that has life left is used again.
// Must not know what a token says; lifetimes count from the moment the answer arrived.

import type { TokenReason } from './connection-state.ts'

/** Thrown by `getToken` when the server knows of no login: the end, not an outage. */
export class UnauthorizedError extends Error {
  readonly code = 'unauthorized'
  constructor() {
    super('There is no session to get a token from.')
    this.name = 'UnauthorizedError'
  }
}

/** Thrown by `getToken` when nobody could be asked; nothing is known about the login. */
export class TokenUnavailableError extends Error {
  readonly code = 'token-unavailable'
  readonly retryAfterMs: number | undefined
  constructor(retryAfterMs?: number) {
    super('A token cannot be had just now.')
    this.name = 'TokenUnavailableError'
    this.retryAfterMs = retryAfterMs
  }
}

export type TokenRequest = { readonly reason: TokenReason; readonly signal: AbortSignal }

/** Answers a token, or nothing while there is none yet; throws `UnauthorizedError` or, for an outage, anything else. */
export type GetToken = (request: TokenRequest) => Promise<string | undefined>

export type IssuedToken = { readonly token: string; readonly expiresInMs: number }

type TokenSource = {
  readonly getToken: GetToken
  /** Takes a token that came another way, with a login for instance. */
  readonly adopt: (issued: IssuedToken) => void
  /** Forgets the token, and the answer of a request under way. */
  readonly invalidate: () => void
}

type TokenSourceDeps = {
  /** Asks the server; throws as `getToken` does. */
  readonly fetchSession: () => Promise<IssuedToken>
  readonly now: () => number
}

/** A token with less life than this is not worth a handshake. */
export const minLifeLeftMs = 10_000

/** Creates a source without a token. */
export function createTokenSource(deps: TokenSourceDeps): TokenSource {
  let held: { readonly token: string; readonly expiresAtMs: number } | undefined
  let underWay: Promise<string> | undefined

  const adopt = (issued: IssuedToken) => {
    held = { token: issued.token, expiresAtMs: deps.now() + issued.expiresInMs }
  }
  const fetchOnce = () => {
    if (underWay) return underWay
    const request = fetchAndAdopt().finally(() => {
      if (underWay === request) underWay = undefined
    })
    underWay = request
    return request

    async function fetchAndAdopt() {
      const issued = await deps.fetchSession()
      if (underWay === request) adopt(issued)
      return issued.token
    }
  }
  return {
    adopt,
    async getToken({ reason }) {
      const wantsAnother = reason !== 'connect' && reason !== 'reconnect'
      const hasLife = held !== undefined && held.expiresAtMs - deps.now() > minLifeLeftMs
      return held && hasLife && !wantsAnother ? held.token : fetchOnce()
    },
    invalidate() {
      held = undefined
      underWay = undefined
    },
  }
}
