// Tokens of one subject, each of a session of its own: a login for each would take its password hash's time. Made of a
// good token, with the system's own key, so that it knows no claim but those it changes.

import { randomBytes } from 'node:crypto'
import { claimsOf, signToken } from '../mint.ts'
import type { SessionMint } from './fleet-protocol.ts'

export type SessionMinter = {
  /** A new session's public id, used by nobody else. */
  readonly newSessionId: () => string
  /** A token of that session, issued now; never the same twice. */
  readonly tokenOf: (sessionId: string) => string
}

/** Builds the minter; throws when the template is no compact token. `now` is the wall clock, ms. */
export function createSessionMinter(
  { template, privateKey }: SessionMint,
  now: () => number,
): SessionMinter {
  const { header, claims } = claimsOf(template)
  const run = randomBytes(9).toString('base64url')
  let sessions = 0
  let tokens = 0
  return {
    newSessionId() {
      sessions += 1
      return `bench-${run}-${sessions}`
    },
    tokenOf(sessionId) {
      tokens += 1
      const iat = Math.floor(now() / 1000)
      const jti = `bench-${run}-token-${tokens}`
      // As long as the template lives: a life that begins later would end later than its session may.
      return signToken(header, { ...claims, sid: sessionId, jti, iat }, privateKey)
    },
  }
}
