// What the sidecar's listeners share: stores, keys, policy, and the one judgement of credentials over them.
// Opens no port. Everything here has one instance a process.

import { hkdfSync } from 'node:crypto'
import { maxClockToleranceSeconds, maxIssuerLifeSeconds } from '@sallyport/contracts/policy'
import type { Log } from '@sallyport/service-kit/log'
import { createAuthorityFeed } from './authority/authority-feed.ts'
import { createMemoryAuthorityStore } from './authority/authority-store.memory.ts'
import { createCurrentAuthority } from './authority/current-authority.ts'
import type { Settings } from './config.ts'
import { tokenCookieName } from './credentials/token-cookie.ts'
import { rememberAdmissions } from './handshake/admit-identity.ts'
import { createAssertionSigners } from './handshake/assertion-signers.ts'
import { createAddressSet } from './limits/address-set.ts'
import { createMemoryAttemptLimiter } from './limits/attempt-limiter.memory.ts'
import { clientAddressOf } from './limits/client-address.ts'
import { cookieName } from './login/session-cookies.ts'
import type { Metrics } from './metrics.ts'
import type { PolicySource } from './policy/policy-source.ts'
import type { Secrets } from './secret-files.ts'
import { createMemorySessionStore } from './sessions/session-store.memory.ts'
import { createMemoryTicketStore } from './tickets/ticket-store.memory.ts'
import { createTokenVerifier } from './tokens/verify-token.ts'

type DomainInput = {
  readonly settings: Settings
  readonly secrets: Secrets
  readonly policy: PolicySource
  readonly metrics: Metrics
  readonly log: Log
  readonly now: () => number
}

const minuteMs = 60_000
/** A key takes about 190 bytes; a million addresses a minute cost no more than these. */
const maxCountedKeys = 50_000

/** A limiter of so many attempts a minute. */
export function attemptsPerMinute(limit: number, now: () => number) {
  return createMemoryAttemptLimiter({ limit, windowMs: minuteMs, maxKeys: maxCountedKeys, now })
}

/** Builds the stores and everything that judges by them. */
export function createDomain(input: DomainInput) {
  const { settings, secrets, policy, now } = input
  const { SIDECAR_ISSUER: issuer, SIDECAR_AUDIENCE: audience } = settings
  const secure = settings.SIDECAR_SECURE_COOKIES
  const sessionLifeMs = settings.SIDECAR_SESSION_LIFE_SECONDS * 1000
  const tokenLifeMs = settings.SIDECAR_TOKEN_LIFE_SECONDS * 1000
  const trustedProxies = createAddressSet(settings.SIDECAR_TRUSTED_PROXIES ?? [])

  const stores = createStores(sessionLifeMs, now)
  const tokens = createVerifier(input, stores.authorities.current, tokenLifeMs + minuteMs)
  const { verifyToken } = tokens
  policy.onChange(() => {
    tokens.followIssuers()
    stores.feed.publish({ type: 'policy-changed' })
  })

  return {
    issuer,
    policy,
    ...stores,
    sessionLifeMs,
    tokenVerifier: tokens,
    tokens: { issuer, audience, keyRing: secrets.keyRing, tokenLifeMs, now },
    currentAuthority: createCurrentAuthority({ issuer, verifyToken, ...stores, now }),
    /** The same limiter for upgrades, probes of them, and first messages. */
    attempts: attemptsPerMinute(settings.WS_RATE_LIMIT, now),
    admitIdentity: rememberAdmissions(),
    signerOf: createAssertionSigners(secrets.assertionKeys, now),
    cookieNames: {
      session: cookieName(settings.SIDECAR_SESSION_COOKIE_NAME, secure),
      token: cookieName(tokenCookieName, secure),
    },
    clientAddressOf: (forwardedFor: string) => clientAddressOf(forwardedFor, trustedProxies),
    ticketInQuery: settings.SIDECAR_TICKET_IN_QUERY,
    now,
  }
}

function createStores(sessionLifeMs: number, now: () => number) {
  const recordLifeMs = longestLifeMs(sessionLifeMs)
  const authorities = createMemoryAuthorityStore({ recordLifeMs, now })
  return {
    authorities,
    sessions: createMemorySessionStore({ maxSessions: 100_000, now }),
    tickets: createMemoryTicketStore({ maxTickets: 20_000, maxPerSession: 20, now }),
    feed: createAuthorityFeed(authorities.epoch, 10_000),
  }
}

/** Of anything that a session of ours or of another issuer can be in, whoever issued it and whenever it is trusted. */
function longestLifeMs(sessionLifeMs: number): number {
  return Math.max(sessionLifeMs, maxIssuerLifeSeconds * 1000) + maxClockToleranceSeconds * 1000
}

export type Domain = ReturnType<typeof createDomain>

function createVerifier(
  { settings, secrets, policy, metrics, log, now }: DomainInput,
  currentGeneration: ReturnType<typeof createMemoryAuthorityStore>['current'],
  maxLifeMs: number,
) {
  const { SIDECAR_ISSUER: issuer, SIDECAR_AUDIENCE: audience } = settings
  return createTokenVerifier({
    builtIn: { issuer, audience, keyRing: secrets.keyRing, maxLifeMs },
    issuers: () => policy.current().policy.issuers,
    currentGeneration,
    maxTokens: 20_000,
    allowPlainHttp: settings.SALLYPORT_MODE === 'development',
    onKeySetFetched: (issuer, outcome) => {
      metrics.keySetFetches.inc({ issuer, outcome })
      const isGood = outcome === 'loaded' || outcome === 'unchanged'
      if (!isGood) log.warn({ issuer, outcome }, 'a key set could not be fetched')
    },
    now,
  })
}

/** The secret that device cookies are made with: good for nothing else, and the same after a restart. */
export function deriveDeviceSecret(secrets: Secrets): Uint8Array {
  const [master] = secrets.assertionKeys
  if (!master) throw new Error('the assertion ring is empty')
  return new Uint8Array(hkdfSync('sha256', master.secret, 'sallyport-known-devices', '', 32))
}
