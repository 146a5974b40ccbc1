// What one socket rests on: whose it is and until when, and how that is renewed, extended or announced to end. Knows no
// transport and no feature. Nothing here happens to a socket that is dead: its owner is asked first.

import type { RefreshAnswer, RefreshRequest } from '@sallyport/contracts/authority-questions'
import type { CloseName } from '@sallyport/contracts/close-codes'
import { type Identity, isSameGeneration, type TokenFacts } from '@sallyport/contracts/identity'
import type { ServerMessage } from '@sallyport/contracts/messages/server-message'
import { err, ok } from '@sallyport/contracts/result'
import type { Log } from '@sallyport/service-kit/log'
import { type AuthorityTerm, startAuthorityTerm } from './authority-term.ts'
import type { RefreshMessage } from './connection-types.ts'
import type { Clocks } from './expiry-timer.ts'
import { createIdentityRefresh, type RenewableAuthority } from './identity-refresh.ts'
import { authExpiringMessage, authOkMessage } from './outbound-messages.ts'

/** No extension reaches further, whatever a wall clock says. */
const longestExtensionMs = 86_400_000

type AuthorityOptions = {
  readonly identity: Identity
  /** Since when its life counts, on the clock of `now`. */
  readonly fromMs: number
}

type AuthorityDeps = {
  readonly connectionId: string
  readonly clocks: Clocks
  readonly maxRefreshesPerMinute: number
  /** May this token go on under the socket? Throws when there is no trustworthy answer. */
  readonly ask: (request: RefreshRequest) => Promise<RefreshAnswer>
  /** Is the socket neither dead nor overdue? One that is overdue ends here and now. */
  readonly goesOn: () => boolean
  /** Drops what cannot be sent now. */
  readonly reply: (message: ServerMessage) => void
  readonly onExpired: () => void
  /** Gives the socket a place among those of the new identity; false when there is none. */
  readonly changePlace: (identity: Identity) => boolean
  readonly leaveForbidden: () => readonly string[]
  readonly onIdentityChanged: (before: Identity) => void
  readonly log: Log
}

export type SocketAuthority = Pick<
  AuthorityTerm,
  'hasPassed' | 'remainingMs' | 'endsWith' | 'cancel'
> & {
  readonly identity: () => Identity
  /** The socket is live: from here on its client can be told. */
  readonly startTelling: () => void
  readonly endWithin: (marginMs: number, name: CloseName) => void
  readonly extendUntil: (expiresAtMs: number, token: TokenFacts) => void
  /** Rejects for nothing but a bug. */
  readonly refresh: (message: RefreshMessage) => Promise<void>
}

/** Starts the clock of one socket's authority. A life of NaN throws a RangeError. */
export function startSocketAuthority(
  options: AuthorityOptions,
  deps: AuthorityDeps,
): SocketAuthority {
  const { clocks, goesOn, reply } = deps
  const { fromMs } = options
  let { identity } = options
  let extendedUntilMs = 0
  const term = startAuthorityTerm(
    {
      fromMs,
      deadlineMs: fromMs + identity.ttlMs,
      onExpiring: () => reply(authExpiringMessage(term.remainingMs(), 'expiry')),
      onExpired: deps.onExpired,
    },
    clocks,
  )

  function tellAnnounced(): void {
    reply(authExpiringMessage(term.remainingMs(), 'revoked-with-margin'))
  }

  function adopt(next: Identity, deadlineMs: number): ReturnType<RenewableAuthority['adopt']> {
    const before = identity
    // The sidecar has judged this; a socket changes hands under no circumstances.
    if (next.issuer !== before.issuer || next.subject !== before.subject) {
      return err('refresh-refused')
    }
    // Over already, because the answer took so long: the old authority may last longer.
    if (deadlineMs <= clocks.now()) return err('refresh-refused')
    if (!deps.changePlace(next)) return err('rate-limited')
    identity = next
    term.renew(deadlineMs)
    if (isNewLogin(before, next)) term.withdraw()
    const lost = deps.leaveForbidden()
    // Before anybody is told: whatever ends the new identity from here on has to find the socket.
    deps.onIdentityChanged(before)
    return ok(lost)
  }

  return {
    ...term,
    identity: () => identity,
    refresh: createIdentityRefresh({
      ...deps,
      now: clocks.now,
      maxPerMinute: deps.maxRefreshesPerMinute,
      authority: { identity: () => identity, remainingMs: term.remainingMs, adopt },
    }),
    startTelling() {
      if (term.isAnnounced()) tellAnnounced()
      term.startWarning()
    },
    endWithin(marginMs, name) {
      if (goesOn() && term.announce(clocks.now() + marginMs, name)) tellAnnounced()
    },
    extendUntil(expiresAtMs, token) {
      if (identity.way !== 'token-cookie' || !goesOn() || term.isAnnounced()) return
      // One that comes late, or again, changes nothing, whatever became of the wall clock meanwhile.
      if (expiresAtMs <= extendedUntilMs) return
      const lifeMs = Math.min(expiresAtMs - clocks.wallClock().getTime(), longestExtensionMs)
      if (!(lifeMs > term.remainingMs())) return
      extendedUntilMs = expiresAtMs
      const before = identity
      // From here on it lives by this token, so it has to end with this one.
      identity = { ...before, token }
      term.renew(clocks.now() + lifeMs)
      deps.onIdentityChanged(before)
      reply(authOkMessage(term.remainingMs(), []))
    },
  }
}

/** Then it rests on nothing that a margin was granted for. Generations are numbers of one session: two may have the same. */
function isNewLogin(before: Identity, next: Identity): boolean {
  return (
    before.sessionId !== next.sessionId || !isSameGeneration(before.generation, next.generation)
  )
}
