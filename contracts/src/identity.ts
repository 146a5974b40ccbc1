// Who is behind a socket, and on what that rests. Made by the sidecar, believed by the backend only when signed.

/** The ways a credential can travel; `accepts` of a 401 lists those that are switched on. */
export const credentialWays = [
  'session-cookie',
  'token-cookie',
  'authorization',
  'subprotocol',
  'ticket',
  'first-message',
] as const

/** How the credential travelled. */
export type CredentialWay = (typeof credentialWays)[number]

/**
 * A moment in the life of a subject's and a session's authority. Anything derived from an older
 * generation, or from another epoch of the authority store, is refused.
 */
export type Generation = {
  /** Changes whenever the store lost its memory; nothing issued under another epoch is good. */
  readonly epoch: string
  readonly subject: number
  readonly session: number
}

/** What is known of a verified token, as far as a revocation can name it. */
export type TokenFacts = {
  /** Its `jti`; of another issuer's token without one, a digest of its payload. Never its spelling. */
  readonly id: string
  /** The `kid` it was signed with. */
  readonly keyId: string
  /** When its holder proved who they are: `auth_time`, else `iat` (wall clock, ms). */
  readonly issuedAtMs: number
}

/** The value of a claim that a policy may ask about. */
export type ClaimValue = string | number | boolean | readonly string[]

/** The authority a socket rests on. */
export type Identity = {
  readonly issuer: string
  /** Unique within its issuer only: a person is (`issuer`, `subject`) (RFC 8725 3.8). */
  readonly subject: string
  readonly username: string
  /** The session's public id; never the cookie's secret. */
  readonly sessionId: string
  readonly way: CredentialWay
  readonly generation: Generation
  /** How much longer the authority lasts, in milliseconds from the moment it was decided. */
  readonly ttlMs: number
  /** The route of `sallyport.yml` that let it in. */
  readonly route: string
  /** The origin that was judged; undefined when none was sent. */
  readonly origin?: string
  /** As limits count it; to judge the identity again when addresses are blocked. */
  readonly clientAddress: string
  /** The token it rests on, or that was presented beside the session it rests on; undefined when there was none. */
  readonly token?: TokenFacts
  /** Stands for the rules of `sallyport.yml` that its token was judged by; undefined when there are none but ours. */
  readonly tokenRules?: string
  readonly groups: readonly string[]
  readonly scopes: readonly string[]
  /** Of the token's claims those that a policy asks about; to judge the identity again when the policy changes. */
  readonly claims: Readonly<Record<string, ClaimValue>>
}

/** What stays the same about an identity from one handshake to the next. */
export type StandingIdentity = Omit<Identity, 'ttlMs' | 'clientAddress'>

/** True when it ends with the session's cookie, whatever becomes of the session's tokens. */
export function restsOnCookie({ way, token }: Pick<Identity, 'way' | 'token'>): boolean {
  return way === 'session-cookie' || (way === 'ticket' && token === undefined)
}

/** A socket that may only authenticate: nobody is behind it yet. */
export type PendingIdentity = {
  readonly route: string
  readonly origin?: string
  readonly clientAddress: string
}

/** `epoch.subject.session`, as it stands in a token's `gen` claim. */
export function formatGeneration(generation: Generation): string {
  return `${generation.epoch}.${generation.subject}.${generation.session}`
}

/** The reverse of `formatGeneration`; undefined when the text is not of that form. */
export function parseGeneration(text: string): Generation | undefined {
  const match = /^([A-Za-z0-9_-]{1,64})\.(\d{1,15})\.(\d{1,15})$/.exec(text)
  if (!match) return undefined
  return { epoch: match[1] ?? '', subject: Number(match[2]), session: Number(match[3]) }
}

/** True when nothing has been revoked between the two moments. */
export function isSameGeneration(a: Generation, b: Generation): boolean {
  return a.epoch === b.epoch && a.subject === b.subject && a.session === b.session
}
