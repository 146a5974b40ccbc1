// A refresh over HTTP put a new token into the `auth_token` cookie: backends hear of it, so that sockets that came by
// that cookie go on with it. Knows no cookie, only whose session lasts until when, and by which token.

import type { TokenFacts } from '@sallyport/contracts/identity'
import type { AuthorityStore } from '../authority/authority-store.ts'
import { type AgedMap, createAgedMap } from '../limits/aged-map.ts'

/** What is in the cookie now, and when it ends (wall clock, ms). */
export type Extension = { readonly expiresAtMs: number; readonly token: TokenFacts }

/**
 * Tells every backend how long the cookie of a session lasts now, and by which token. Rejects only on an outage, and
 * the refresh with it: an answer that says "extended" while its sockets end would be a lie, and asking again costs
 * nothing, because a refresh that failed has changed no cookie.
 */
export type AnnounceExtension = (
  session: { readonly sessionId: string; readonly subject: string },
  extension: Extension,
) => Promise<void>

type Announcement = {
  readonly expiresAtMs: number
  readonly atMs: number
  readonly done: Promise<unknown>
}

/** Tokens end on whole seconds: two of one session that were made within one say the same. */
const maxAgeMs = 1000

/**
 * Says each end once, by the first token that has it: sockets rest on that one, as backends take no other of the same
 * end. Whoever refreshes as fast as they can would otherwise fill the feed, and push out of it what was revoked.
 */
export function createExtensionAnnouncer(deps: {
  readonly authorities: Pick<AuthorityStore, 'apply'>
  readonly now: () => number
}): AnnounceExtension {
  const recent: AgedMap<Announcement> = createAgedMap()

  function forgetOld(nowMs: number): void {
    for (let oldest = recent.oldest(); oldest; oldest = recent.oldest()) {
      if (nowMs - oldest[1].atMs < maxAgeMs) return
      recent.delete(oldest[0])
    }
  }

  return async ({ sessionId, subject }, { expiresAtMs, token }) => {
    const nowMs = deps.now()
    forgetOld(nowMs)
    const last = recent.get(sessionId)
    if (last?.expiresAtMs === expiresAtMs) {
      await last.done
      return
    }
    const done = deps.authorities.apply({
      type: 'extend-session',
      sessionId,
      subject,
      expiresAtMs,
      token,
    })
    const announcement: Announcement = { expiresAtMs, atMs: nowMs, done }
    // In again at the end: its place is that of its age.
    recent.delete(sessionId)
    recent.set(sessionId, announcement)
    try {
      await done
    } catch (error) {
      if (recent.get(sessionId) === announcement) recent.delete(sessionId)
      throw error
    }
  }
}
