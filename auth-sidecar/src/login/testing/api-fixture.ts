// What sign-in, sign-out and tickets are tested on: the real stores, key ring and tokens with a clock that tests move,
// and a password checker that knows one password, `right`. Test code only.

import { generateKeyPairSync } from 'node:crypto'
import type { AuthorityEvent } from '@sallyport/contracts/authority-event'
import type { Route } from '@sallyport/contracts/policy'
import { createLog } from '@sallyport/service-kit/log'
import { createMemoryAuthorityStore } from '../../authority/authority-store.memory.ts'
import { createCurrentAuthority } from '../../authority/current-authority.ts'
import { endSession } from '../../authority/end-session.ts'
import { createMemoryAttemptLimiter } from '../../limits/attempt-limiter.memory.ts'
import { createMetrics } from '../../metrics.ts'
import { createFixedPolicy } from '../../policy/policy-source.ts'
import { createMemoryRefreshTokenStore } from '../../refresh-tokens/refresh-token-store.memory.ts'
import { createMemorySessionStore } from '../../sessions/session-store.memory.ts'
import type { SessionRecord } from '../../sessions/session-store.ts'
import { createMemoryTicketStore } from '../../tickets/ticket-store.memory.ts'
import { issueCookieToken, issueToken } from '../../tokens/issue-token.ts'
import { createKeyRing } from '../../tokens/key-ring.ts'
import { createTokenVerifier } from '../../tokens/verify-token.ts'
import { createExtensionAnnouncer } from '../announce-extension.ts'
import type { ApiRequest } from '../api-request.ts'
import { createKnownDevices } from '../known-device.ts'
import type { User } from '../password-hash.ts'
import { startSession } from '../start-session.ts'

export const origin = 'https://app.example.com'
export const otherOrigin = 'https://www.example.org'

/** The usual websocket route; changes make it another. */
export const routeOf = (changes: Partial<Route> = {}): Route => ({
  name: 'websocket',
  kind: 'websocket',
  hosts: [],
  path: '/ws',
  backend: 'ws-backend',
  who: { groups: [], scopes: [], claims: {} },
  ways: ['session-cookie', 'authorization', 'subprotocol', 'ticket'],
  origins: [origin],
  allowMissingOrigin: false,
  audience: undefined,
  attempts: { perMinute: 10, profile: 'strict', perSubjectPerMinute: 60 },
  identityHeaders: [],
  redirectToLogin: false,
  ...changes,
})

/** A request of the page; changes make it another. */
export const requestOf = (changes: Partial<ApiRequest> = {}): ApiRequest => ({
  body: undefined,
  cookieHeader: undefined,
  authorization: undefined,
  origin,
  clientAddress: '203.0.113.7',
  isFromLoopback: false,
  ...changes,
})

async function createTokens(now: () => number) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' }
  const keyRing = await createKeyRing({ keys: [jwk] })
  const issuer = 'https://app.example.com/auth'
  return { issuer, audience: 'sallyport', keyRing, tokenLifeMs: 600_000, now }
}

type Tokens = Awaited<ReturnType<typeof createTokens>>

/** The stores, and what a credential is worth by them. */
function createStores(tokens: Tokens, events: AuthorityEvent[]) {
  const { issuer, now } = tokens
  const authorities = createMemoryAuthorityStore({
    recordLifeMs: 90_000_000,
    builtInIssuer: issuer,
    sink: { follow: () => {}, lose: () => {}, append: (event) => void events.push(event) },
    now,
  })
  const sessions = createMemorySessionStore({ maxSessions: 1000, now })
  const tickets = createMemoryTicketStore({ maxTickets: 100, maxPerSession: 20, now })
  const { verifyToken } = createTokenVerifier({
    builtIn: { ...tokens, maxLifeMs: 660_000 },
    issuers: () => [],
    currentGeneration: authorities.current,
    now,
    maxTokens: 100,
  })
  const refreshTokens = createMemoryRefreshTokenStore({ maxFamilies: 1000, now })
  const stores = { issuer, sessions, tickets, refreshTokens, authorities, now }
  return { ...stores, currentAuthority: createCurrentAuthority({ ...stores, verifyToken }) }
}

/** An entry of the users file; changes make it another. */
export const userOf = (id: string, changes: Partial<User> = {}): User => ({
  id,
  username: id,
  groups: [],
  passwordHash: `of ${id}`,
  ...changes,
})

/** Users whose password is `right`, and limits of `limit` a minute each. */
function createSignIn(limit: number, now: () => number) {
  const limiter = () => createMemoryAttemptLimiter({ limit, windowMs: 60_000, maxKeys: 1000, now })
  const users = [userOf('alice'), userOf('bob')]
  return {
    users: (): readonly User[] => users,
    checker: { check: async (password: string) => (password === 'right' ? 'match' : 'mismatch') },
    attemptsByAddress: limiter(),
    attemptsByAccount: limiter(),
    ticketsByAddress: limiter(),
    ticketsBySession: limiter(),
    refreshesByAddress: limiter(),
    devices: createKnownDevices({ secret: new Uint8Array(32).fill(7), secure: false, now }),
    bypass: () => false,
  } as const
}

/** Everything the HTTP API depends on, and a few hands to move it. */
export async function createApiFixture(
  options: { readonly routes?: readonly Route[]; readonly limit?: number } = {},
) {
  const { routes = [routeOf()], limit = 1000 } = options
  let nowMs = 1_800_000_000_000
  const tokens = await createTokens(() => nowMs)
  const events: AuthorityEvent[] = []
  const refreshes: string[] = []
  const stores = createStores(tokens, events)
  const nothingMore = { backends: {}, issuers: [], addresses: { unlimited: [], blocked: [] } }
  const deps = {
    ...stores,
    ...createSignIn(limit, tokens.now),
    announceExtension: createExtensionAnnouncer({ ...stores, now: tokens.now }),
    tokens,
    keyRing: tokens.keyRing,
    tokenCookie: {
      isOn: () => routes.some(({ ways }) => ways.includes('token-cookie')),
      issue: (session: SessionRecord) => issueCookieToken(session, tokens),
    },
    cookies: { name: 'sessionId', secure: false, lifeMs: 86_400_000 },
    sessionLifeMs: 86_400_000,
    policy: createFixedPolicy({ ...nothingMore, routes }),
    allowedOrigins: new Set([origin, otherOrigin]),
    clientAddressOf: (xForwardedFor: string) => xForwardedFor || undefined,
    countTicket: () => {},
    countRefresh: (outcome: string, reason: string) => void refreshes.push(`${outcome} ${reason}`),
    log: createLog('test', 'error', { write: () => {} }),
    metrics: createMetrics(),
  }

  return {
    deps,
    /** What the backends were told, in its order. */
    events,
    /** Uses of refresh tokens, as they were counted. */
    refreshes,
    /** Ids of sessions that were ended, as the backends were told. */
    ended: () =>
      events.flatMap((event) => (event.type === 'session-ended' ? [event.sessionId] : [])),
    advanceMs: (byMs: number) => {
      nowMs += byMs
    },
    /** A session of the subject: its cookie, a token of it. */
    signIn: async (subject = 'alice') => {
      const user = { id: subject, username: subject, groups: ['staff'] }
      const device = { clientId: 'c', deviceType: 'browser', ipAddress: '203.0.113.7' }
      const started = await startSession(user, device, deps)
      const { compact } = await issueToken(started.session, tokens)
      const cookieHeader = `sessionId=${started.secret}`
      return { ...started, token: compact, cookieHeader, authorization: `Bearer ${compact}` }
    },
    signOut: (record: { readonly sessionId: string; readonly subject: string }) =>
      endSession(record, deps),
  }
}
