// Tests of the decision run on the real pieces – key ring, stores, verifier, policy – with a clock they can move.

import { generateKeyPairSync } from 'node:crypto'
import { credentialWays } from '@sallyport/contracts/identity'
import type { Policy, Route } from '@sallyport/contracts/policy'
import { createAuthorityFeed } from '../authority/authority-feed.ts'
import { createMemoryAuthorityStore } from '../authority/authority-store.memory.ts'
import type { AuthorityStore } from '../authority/authority-store.ts'
import type { CheckDeps } from '../authority/check-identities.ts'
import { createCurrentAuthority } from '../authority/current-authority.ts'
import { endSession } from '../authority/end-session.ts'
import { rememberAdmissions } from '../handshake/admit-identity.ts'
import { decideHandshake, type HandshakeDeps } from '../handshake/decide-handshake.ts'
import type { HeaderLines } from '../handshake/handshake-request.ts'
import { createAddressSet } from '../limits/address-set.ts'
import { createMemoryAttemptLimiter } from '../limits/attempt-limiter.memory.ts'
import { clientAddressOf } from '../limits/client-address.ts'
import { startSession } from '../login/start-session.ts'
import { createFixedPolicy } from '../policy/policy-source.ts'
import { createSecret, hashSecret } from '../sessions/session-secret.ts'
import { createMemorySessionStore } from '../sessions/session-store.memory.ts'
import type { SessionRecord, SessionStore } from '../sessions/session-store.ts'
import { createMemoryTicketStore } from '../tickets/ticket-store.memory.ts'
import type { TicketStore } from '../tickets/ticket-store.ts'
import { type IssueTokenDeps, issueCookieToken, issueToken } from '../tokens/issue-token.ts'
import { createKeyRing } from '../tokens/key-ring.ts'
import { createTokenVerifier } from '../tokens/verify-token.ts'

export const issuer = 'https://app.example.com/auth'
export const origin = 'https://app.example.com'
export const webSocketKey = 'AAAAAAAAAAAAAAAAAAAAAA=='

/** A private ES256 key as the key file holds it. */
export function privateKey(kid: string) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }
}

/** The route `websocket` as it is when nobody says anything else, with every way on. */
export function websocketRoute(changes: Partial<Route> = {}): Route {
  return {
    name: 'websocket',
    kind: 'websocket',
    hosts: [],
    path: '/ws',
    backend: 'ws-backend',
    who: { groups: [], scopes: [], claims: {} },
    ways: credentialWays,
    origins: [origin],
    allowMissingOrigin: false,
    audience: undefined,
    attempts: { perMinute: 1000, profile: 'strict', perSubjectPerMinute: 60 },
    identityHeaders: [],
    redirectToLogin: false,
    ...changes,
  }
}

/** A policy of these routes and nothing else. */
export function policyOf(routes: readonly Route[], changes: Partial<Policy> = {}): Policy {
  const addresses = { unlimited: [], blocked: [] }
  return { routes, backends: {}, issuers: [], addresses, ...changes }
}

/** Everything behind `decideHandshake`, for real, in memory. A number is the route's attempts a minute. */
export async function createDomainFixture(
  given: number | Partial<Route> = {},
  policyChanges: Partial<Policy> = {},
) {
  let nowMs = 1_800_000_000_000
  const now = () => nowMs
  const route = websocketRoute(typeof given === 'number' ? attemptsOf(given) : given)
  const policy = createFixedPolicy(policyOf([route], policyChanges))
  const keyRing = await createKeyRing({ keys: [privateKey('k1')] })
  const profile = { issuer, audience: 'sallyport' }
  const feed = createAuthorityFeed(100)
  const authorities = createMemoryAuthorityStore({
    recordLifeMs: 90_000_000,
    builtInIssuer: issuer,
    sink: feed,
    now,
  })
  const sessions = createMemorySessionStore({ maxSessions: 1000, now })
  const tickets = createMemoryTicketStore({ maxTickets: 1000, maxPerSession: 100, now })
  const { verifyToken, isKeyGone } = createTokenVerifier({
    builtIn: { ...profile, keyRing, maxLifeMs: 660_000 },
    issuers: () => [],
    currentGeneration: authorities.current,
    maxTokens: 100,
    now,
  })
  const currentAuthority = createCurrentAuthority({
    issuer,
    verifyToken,
    sessions,
    tickets,
    authorities,
    now,
  })
  const tokens = { ...profile, keyRing, tokenLifeMs: 600_000, now }
  const nobodyTrusted = createAddressSet([])
  const deps: HandshakeDeps & Pick<CheckDeps, 'isKeyGone'> = {
    policy,
    clientAddressOf: (forwardedFor) => clientAddressOf(forwardedFor, nobodyTrusted),
    ticketInQuery: false,
    attempts: createMemoryAttemptLimiter({ limit: 1000, windowMs: 60_000, maxKeys: 100, now }),
    cookieNames: { session: 'sessionId', token: 'auth_token' },
    currentAuthority,
    admitIdentity: rememberAdmissions(),
    isKeyGone,
    signerOf: () => ({
      sign: (identity, _ttlMs, key) => `signed:${identity.subject}:${key}`,
      signPending: ({ route }, key) => `pending:${route}:${key}`,
    }),
    now,
  }

  return {
    deps,
    route,
    policy,
    feed,
    authorities,
    sessions,
    tickets,
    tokens,
    issuer,
    verifyToken,
    advanceMs: (byMs: number) => {
      nowMs += byMs
    },
    /** What comes of a handshake: the grant or the denial. */
    decide: async (
      changes: Parameters<typeof handshakeLines>[0] = {},
      other: Partial<Route> = {},
    ) => {
      const { outcome } = await decideHandshake(
        handshakeLines(changes),
        { ...route, ...other },
        deps,
      )
      return outcome.ok ? outcome.value : outcome.error
    },
    ...deedsOf({ sessions, authorities, tickets, tokens, now }),
  }
}

type Stores = {
  readonly sessions: SessionStore
  readonly authorities: AuthorityStore
  readonly tickets: TicketStore
  readonly tokens: IssueTokenDeps
  readonly now: () => number
}

/** What people do before and after handshakes. */
function deedsOf({ sessions, authorities, tickets, tokens, now }: Stores) {
  return {
    /** Signs a subject in: session, cookie secret, a token of that session and one for its cookie. */
    login: async (username = 'alice', groups: readonly string[] = []) => {
      const user = { id: username, username, groups: [...groups] }
      const device = { clientId: 'c', deviceType: 'browser', ipAddress: '127.0.0.1' }
      const sessionLifeMs = 86_400_000
      const stores = { sessions, authorities, issuer, sessionLifeMs, now }
      const started = await startSession(user, device, stores)
      const token = await issueToken(started.session, tokens)
      const cookieToken = await issueCookieToken(started.session, tokens)
      return { ...started, token: token.compact, cookieToken: cookieToken.compact }
    },
    /** A ticket of a session, as `POST /auth/ticket` would make it. */
    ticketOf: async (
      session: SessionRecord,
      changes: { origin?: undefined; route?: string } = {},
    ) => {
      const ticket = createSecret()
      const authority = { ...session, issuer, scopes: [], claims: {} }
      const expiresAtMs = now() + 30_000
      const record = { authority, origin, route: 'websocket', expiresAtMs, ...changes }
      await tickets.create({ secretHash: hashSecret(ticket), ...record })
      return ticket
    },
    logout: (session: { sessionId: string; subject: string }) =>
      endSession(session, { authorities, sessions }),
  }
}

function attemptsOf(perMinute: number): Partial<Route> {
  return { attempts: { perMinute, profile: 'strict', perSubjectPerMinute: 60 } }
}

/** Header lines of a good handshake; `undefined` removes one, a list sends it several times. */
export function handshakeLines(
  changes: Record<string, string | readonly string[] | undefined> = {},
): HeaderLines {
  const headers: Record<string, string | readonly string[] | undefined> = {
    ':method': 'GET',
    ':path': '/verify/websocket',
    'x-forwarded-for': '127.0.0.9',
    'x-forwarded-host': 'app.example.com',
    'x-forwarded-method': 'GET',
    'x-forwarded-proto': 'https',
    'x-forwarded-uri': '/ws',
    'sec-websocket-key': webSocketKey,
    'sec-websocket-version': '13',
    origin,
    ...changes,
  }
  return Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((each) => [name, each]),
  )
}
