// What the sidecar's listeners share: stores, keys, policy, and the one judgement of credentials over them.
// Opens no port. Everything here has one instance a process.

import { maxClockToleranceSeconds, maxIssuerLifeSeconds } from '@sallyport/contracts/policy'
import type { Log } from '@sallyport/service-kit/log'
import { createAuthorityFeed } from './authority/authority-feed.ts'
import type { AuthorityStore } from './authority/authority-store.ts'
import { createCurrentAuthority } from './authority/current-authority.ts'
import { settleChanges } from './authority/settle-changes.ts'
import type { Settings } from './config.ts'
import { tokenCookieName } from './credentials/token-cookie.ts'
import type { FollowedSecrets } from './followed-secrets.ts'
import { rememberAdmissions } from './handshake/admit-identity.ts'
import { createFollowedSigners } from './handshake/followed-signers.ts'
import { createAddressSet } from './limits/address-set.ts'
import { clientAddressOf } from './limits/client-address.ts'
import { cookieName } from './login/session-cookies.ts'
import type { Metrics } from './metrics.ts'
import { deriveSecret, openStores } from './open-stores.ts'
import type { PolicySource } from './policy/policy-source.ts'
import type { Secrets } from './secret-files.ts'
import { createTokenVerifier } from './tokens/verify-token.ts'

type DomainInput = {
  readonly settings: Settings
  /** Members may say something new each time they are read: key files are followed. */
  readonly secrets: Pick<FollowedSecrets, 'keyRing' | 'assertionKeys'>
  /** Undefined where Redis asks for none, or is not used. */
  readonly redisPassword?: string | undefined
  readonly policy: PolicySource
  readonly metrics: Metrics
  readonly log: Log
  readonly now: () => number
}

const minuteMs = 60_000
/** A backend that was away for less than this many changes is told them, and need not ask about everybody. */
const eventsKept = 10_000

/** A backend that is well says within a few milliseconds that it has applied a change. */
const settlePatienceMs = 250

/** Builds the stores and everything that judges by them; rejects when a store cannot be used as it is set. */
export async function createDomain(input: DomainInput) {
  const { settings, secrets, policy, metrics, log, now } = input
  const { SIDECAR_ISSUER: issuer, SIDECAR_AUDIENCE: audience } = settings
  const secure = settings.SIDECAR_SECURE_COOKIES
  const sessionLifeMs = settings.SIDECAR_SESSION_LIFE_SECONDS * 1000
  const tokenLifeMs = settings.SIDECAR_TOKEN_LIFE_SECONDS * 1000
  const trustedProxies = createAddressSet(settings.SIDECAR_TRUSTED_PROXIES ?? [])

  const feed = createAuthorityFeed(eventsKept)
  const recordLifeMs = longestLifeMs(sessionLifeMs)
  const {
    close: closeStores,
    authorities: store,
    ...opened
  } = await openStores({
    settings,
    secrets,
    redisPassword: input.redisPassword,
    sink: feed,
    recordLifeMs,
    onForged: (count) => metrics.eventsForged.inc(count),
    log,
    now,
  })
  const settling = settleChanges({
    store,
    feed,
    patienceMs: settlePatienceMs,
    onUnsettled: () => metrics.changesUnsettled.inc(),
  })
  const stores = { ...opened, ...settling }
  const tokens = createVerifier(input, store.current, tokenLifeMs + minuteMs)
  const { verifyToken } = tokens
  policy.onChange(({ digest }) => {
    tokens.followIssuers()
    feed.announce({ type: 'policy', digest })
  })

  return {
    issuer,
    policy,
    feed,
    ...stores,
    sessionLifeMs,
    tokenVerifier: tokens,
    tokens: { issuer, audience, keyRing: secrets.keyRing, tokenLifeMs, now },
    currentAuthority: createCurrentAuthority({ issuer, verifyToken, ...stores, now }),
    /** True for a key that verified once and does not any more (J49). */
    isKeyGone: (of: string, keyId: string) =>
      of === issuer ? secrets.keyRing.isKeyGone(keyId) : tokens.isKeyGone(of, keyId),
    /** The same limiter for upgrades, probes of them, and first messages. */
    attempts: stores.attemptsPerMinute('handshakes', settings.WS_RATE_LIMIT),
    admitIdentity: rememberAdmissions(),
    signerOf: createFollowedSigners(() => secrets.assertionKeys, now),
    cookieNames: {
      session: cookieName(settings.SIDECAR_SESSION_COOKIE_NAME, secure),
      token: cookieName(tokenCookieName, secure),
    },
    clientAddressOf: (forwardedFor: string) => clientAddressOf(forwardedFor, trustedProxies),
    ticketInQuery: settings.SIDECAR_TICKET_IN_QUERY,
    now,
    close: async () => {
      await tokens.close()
      await closeStores()
    },
  }
}

/** Of anything that a session of ours or of another issuer can be in, whoever issued it and whenever it is trusted. */
function longestLifeMs(sessionLifeMs: number): number {
  return Math.max(sessionLifeMs, maxIssuerLifeSeconds * 1000) + maxClockToleranceSeconds * 1000
}

export type Domain = Awaited<ReturnType<typeof createDomain>>

function createVerifier(
  { settings, secrets, policy, metrics, log, now }: DomainInput,
  currentGeneration: AuthorityStore['current'],
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

/** The secret that device cookies are made with. */
export function deriveDeviceSecret(secrets: Pick<Secrets, 'assertionKeys'>): Uint8Array {
  const [master] = secrets.assertionKeys
  if (!master) throw new Error('the assertion ring is empty')
  return deriveSecret(master, 'sallyport-known-devices')
}
