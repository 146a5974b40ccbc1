// Whether a stored session still counts. For who came to a session without its cookie's secret: by a refresh token,
// or by its owner's list. Cookies are judged in `authority/current-authority.ts`.

import type { AuthorityStore } from '../authority/authority-store.ts'
import { judgePresented } from '../authority/judge-authority.ts'
import type { SessionRecord } from './session-store.ts'

export type SessionLifeDeps = {
  readonly authorities: Pick<AuthorityStore, 'current'>
  /** The built-in one: all stored sessions are of its subjects. */
  readonly issuer: string
  readonly now: () => number
}

/** False for a session that has expired or was ended, its cookie's end included. Rejects only on an outage. */
export async function isSessionLive(
  session: SessionRecord,
  { authorities, issuer, now }: SessionLifeDeps,
): Promise<boolean> {
  if (session.expiresAtMs <= now()) return false
  const { subject, sessionId, generation } = session
  const state = await authorities.current({ issuer, subject, sessionId })
  return judgePresented({ generation, restsOnCookie: true }, state) === 'good'
}
