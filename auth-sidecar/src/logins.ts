// Sign-in, sessions, refresh tokens and tickets: what the HTTP API needs beside the domain, and the users it follows.

import type { Log } from '@sallyport/service-kit/log'
import type { Settings } from './config.ts'
import { type Domain, deriveDeviceSecret } from './domain.ts'
import type { AuthApiDeps } from './entrypoints/auth-api.ts'
import type { FollowedSecrets } from './followed-secrets.ts'
import { createExtensionAnnouncer } from './login/announce-extension.ts'
import { createDevelopmentBypass } from './login/development-bypass.ts'
import { followUsers } from './login/follow-users.ts'
import { createKnownDevices } from './login/known-device.ts'
import { createPasswordChecker } from './login/password-checker.ts'
import type { User } from './login/password-hash.ts'
import type { Metrics } from './metrics.ts'
import { issueCookieToken } from './tokens/issue-token.ts'

export type LoginsInput = {
  readonly settings: Settings
  readonly users: readonly User[]
  readonly secrets: Pick<FollowedSecrets, 'keyRing' | 'assertionKeys'>
  readonly domain: Domain
  readonly metrics: Metrics
  readonly log: Log
  readonly now: () => number
}

/** Builds them; `close` before the domain's. */
export function createLogins(input: LoginsInput) {
  const { settings, secrets, domain, metrics, log, now } = input
  const secure = settings.SIDECAR_SECURE_COOKIES
  const checker = createPasswordChecker({ workers: 2, maxWaiting: 100 })
  const { users, close: closeUsers } = followUsers({
    ...domain,
    path: settings.SIDECAR_USERS_FILE,
    users: input.users,
    log,
  })
  const limiters = createLimiters(settings, domain)
  const deps: AuthApiDeps = {
    ...domain,
    ...limiters,
    users,
    checker,
    countTicket: (outcome, reason) => metrics.ticketsAsked.inc({ outcome, reason }),
    countRefresh: (outcome, reason) => metrics.refreshTokens.inc({ outcome, reason }),
    announceExtension: createExtensionAnnouncer({ authorities: domain.authorities, now }),
    devices: createKnownDevices({
      secret: deriveDeviceSecret(secrets),
      secure,
      now,
    }),
    bypass: createDevelopmentBypass({
      username: settings.SIDECAR_DEVELOPMENT_BYPASS,
      mode: settings.SALLYPORT_MODE,
      host: settings.SIDECAR_HOST,
      users: users(),
      log,
    }),
    tokenCookie: {
      isOn: () =>
        domain.policy.current().policy.routes.some(({ ways }) => ways.includes('token-cookie')),
      issue: (session) => issueCookieToken(session, domain.tokens),
    },
    cookies: { name: settings.SIDECAR_SESSION_COOKIE_NAME, secure, lifeMs: domain.sessionLifeMs },
    keyRing: secrets.keyRing,
    allowedOrigins: new Set(settings.SIDECAR_ALLOWED_ORIGINS),
    log,
    metrics,
  }
  const { attemptsByAddress, attemptsByAccount } = limiters
  return {
    deps,
    limiters: {
      'logins-by-address': attemptsByAddress.state,
      'logins-by-account': attemptsByAccount.state,
    },
    async close() {
      await closeUsers()
      await checker.close()
    },
  }
}

function createLimiters(settings: Settings, { attemptsPerMinute }: Domain) {
  return {
    attemptsByAddress: attemptsPerMinute('logins', settings.SIDECAR_LOGINS_PER_ADDRESS),
    attemptsByAccount: attemptsPerMinute('accounts', settings.SIDECAR_LOGINS_PER_ACCOUNT),
    refreshesByAddress: attemptsPerMinute('refreshes', settings.SIDECAR_REFRESHES_PER_ADDRESS),
    ticketsByAddress: attemptsPerMinute('tickets', settings.SIDECAR_TICKETS_PER_ADDRESS),
    ticketsBySession: attemptsPerMinute('session-tickets', settings.SIDECAR_TICKETS_PER_SESSION),
  }
}
