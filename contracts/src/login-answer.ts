// What login, refresh and `GET /auth/session` answer: one shape for all three.

/** The answer's body. Lifetimes count from the moment the answer was made. */
export type LoginAnswer = {
  readonly user: { readonly id: string; readonly username: string }
  readonly token: string
  /** ISO 8601, for people; clients reckon with `expiresInMs`. */
  readonly expiresAt: string
  readonly expiresInMs: number
  /** Public id of the session; never the cookie's secret. */
  readonly sessionId: string
}

/** Readable companion of the httpOnly session cookie: says that one exists, holds no secret. */
export const signedInCookieName = 'sallyport_signed_in'

/** True for a value of the login answer's shape. */
export function isLoginAnswer(value: unknown): value is LoginAnswer {
  if (typeof value !== 'object' || value === null) return false
  const { user, token, expiresAt, expiresInMs, sessionId } = value as Record<string, unknown>
  if (typeof user !== 'object' || user === null) return false
  const { id, username } = user as Record<string, unknown>
  const texts = [id, username, token, expiresAt, sessionId]
  return texts.every((text) => typeof text === 'string') && typeof expiresInMs === 'number'
}
