// What login, refresh and `GET /auth/session` answer, one shape for all three; and what `GET /auth/sessions` lists.

/** The answer's body. Lifetimes count from the moment the answer was made. */
export type LoginAnswer = {
  readonly user: { readonly id: string; readonly username: string }
  readonly token: string
  /** ISO 8601, for people; clients reckon with `expiresInMs`. */
  readonly expiresAt: string
  readonly expiresInMs: number
  /** Public id of the session; never the cookie's secret. */
  readonly sessionId: string
  /** Good for one `POST /auth/refresh`, whose answer has the next one; only for whoever asked for it at login. */
  readonly refreshToken?: string
  /** ISO 8601: when the session ends, whatever is refreshed. */
  readonly refreshExpiresAt?: string
}

/** One entry of `GET /auth/sessions`: where somebody is signed in. */
export type OwnSession = {
  /** For `DELETE /auth/sessions/<sessionId>`. */
  readonly sessionId: string
  /** It is the one that asks. */
  readonly isCurrent: boolean
  readonly device: {
    readonly clientId: string
    readonly deviceType: string
    readonly ipAddress: string
  }
  /** Both ISO 8601. */
  readonly createdAt: string
  readonly expiresAt: string
}

/** Readable companion of the httpOnly session cookie: says that one exists, holds no secret. */
export const signedInCookieName = 'sallyport_signed_in'

const isText = (value: unknown): value is string => typeof value === 'string'
const isTextOrAbsent = (value: unknown) => value === undefined || isText(value)

/** True for a value of the login answer's shape. */
export function isLoginAnswer(value: unknown): value is LoginAnswer {
  if (typeof value !== 'object' || value === null) return false
  const answer = value as Record<string, unknown>
  const { user, token, expiresAt, expiresInMs, sessionId } = answer
  if (typeof user !== 'object' || user === null) return false
  const { id, username } = user as Record<string, unknown>
  return (
    [id, username, token, expiresAt, sessionId].every(isText) &&
    [answer['refreshToken'], answer['refreshExpiresAt']].every(isTextOrAbsent) &&
    typeof expiresInMs === 'number'
  )
}
