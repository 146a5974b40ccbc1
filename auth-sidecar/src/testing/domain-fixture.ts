// Tests of the decision run on the real pieces – key ring, stores, verifier – with a clock they can move.

import { generateKeyPairSync } from 'node:crypto'
import { createAuthorityFeed } from '../authority/authority-feed.ts'
import { createMemoryAuthorityStore } from '../authority/authority-store.memory.ts'
import { createCurrentAuthority } from '../authority/current-authority.ts'
import { endSession } from '../authority/end-session.ts'
import type { HandshakeDeps } from '../handshake/decide-handshake.ts'
import type { HeaderLines } from '../handshake/handshake-request.ts'
import { createMemoryAttemptLimiter } from '../limits/attempt-limiter.memory.ts'
import { startSession } from '../login/start-session.ts'
import { createMemorySessionStore } from '../sessions/session-store.memory.ts'
import { issueToken } from '../tokens/issue-token.ts'
import { createKeyRing } from '../tokens/key-ring.ts'
import { rememberVerifiedTokens } from '../tokens/verified-tokens.ts'
import { createTokenVerifier } from '../tokens/verify-token.ts'

export const issuer = 'https://app.example.com/auth'
export const origin = 'https://app.example.com'
export const webSocketKey = 'AAAAAAAAAAAAAAAAAAAAAA=='

/** A private ES256 key as the key file holds it. */
export function privateKey(kid: string) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }
}

/** Everything behind `decideHandshake`, for real, in memory. */
export async function createDomainFixture(attemptLimit = 1000) {
  let nowMs = 1_800_000_000_000
  const now = () => nowMs
  const keyRing = await createKeyRing({ keys: [privateKey('k1')] })
  const profile = { issuer, audience: 'sallyport' }
  const authorities = createMemoryAuthorityStore({ recordLifeMs: 90_000_000, now })
  const sessions = createMemorySessionStore({ maxSessions: 1000, now })
  const feed = createAuthorityFeed(authorities.epoch, 100)
  const verifyToken = rememberVerifiedTokens(
    createTokenVerifier({ ...profile, keyRing, maxLifeMs: 660_000, now }),
    { maxTokens: 100, now },
  )
  const currentAuthority = createCurrentAuthority({
    issuer,
    verifyToken,
    sessions,
    authorities,
    now,
  })
  const tokens = { ...profile, keyRing, tokenLifeMs: 600_000, now }
  const device = { clientId: 'c', deviceType: 'browser', ipAddress: '127.0.0.1' }
  const deps: HandshakeDeps = {
    attempts: createMemoryAttemptLimiter({
      limit: attemptLimit,
      windowMs: 60_000,
      maxKeys: 100,
      now,
    }),
    origins: { allowedOrigins: new Set([origin]), allowMissingOrigin: false },
    sessionCookieName: 'sessionId',
    currentAuthority,
    signAssertion: (identity, key) => `signed:${identity.subject}:${key}`,
    now,
  }

  return {
    deps,
    feed,
    authorities,
    sessions,
    tokens,
    issuer,
    verifyToken,
    advanceMs: (byMs: number) => {
      nowMs += byMs
    },
    /** Signs a subject in: session, cookie secret and a token of that session. */
    async login(username = 'alice') {
      const user = { id: username, username, groups: [] }
      const started = await startSession(user, device, {
        sessions,
        authorities,
        issuer,
        sessionLifeMs: 86_400_000,
        now,
      })
      const token = await issueToken(started.session, tokens)
      return { ...started, token: token.compact }
    },
    logout: (session: { sessionId: string; subject: string }) =>
      endSession(session, { authorities, sessions, feed }),
  }
}

/** Header lines of a good handshake; `undefined` removes one, a list sends it several times. */
export function handshakeLines(
  changes: Record<string, string | readonly string[] | undefined> = {},
): HeaderLines {
  const headers: Record<string, string | readonly string[] | undefined> = {
    ':method': 'GET',
    ':path': '/verify',
    'x-forwarded-for': '127.0.0.9',
    'x-forwarded-method': 'GET',
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
