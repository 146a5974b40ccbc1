// Composition root of the auth sidecar: settings, stores, listeners, and a close for everything that was started.
// Start reading at handshake/decide-handshake.ts.

import { credentialWays } from '@sallyport/contracts/identity'
import {
  backendAudience,
  createAssertionSigner,
  deriveAssertionKey,
} from '@sallyport/contracts/identity-assertion'
import { createHttp2Closer } from '@sallyport/service-kit/http2-server'
import { closeServer, listen } from '@sallyport/service-kit/listen'
import { createLog, type Log } from '@sallyport/service-kit/log'
import { startManagementServer } from '@sallyport/service-kit/management-server'
import { loadTlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { createRoleServer } from '@sallyport/service-kit/role-server'
import { runService } from '@sallyport/service-kit/run-service'
import { createAuthorityFeed } from './authority/authority-feed.ts'
import { createMemoryAuthorityStore } from './authority/authority-store.memory.ts'
import { createCurrentAuthority } from './authority/current-authority.ts'
import { loadConfig, type Settings } from './config.ts'
import { createAuthApi } from './entrypoints/auth-api.ts'
import { createInternalServer } from './entrypoints/internal-api.ts'
import { createVerifyServer } from './entrypoints/verify.ts'
import { createMemoryAttemptLimiter } from './limits/attempt-limiter.memory.ts'
import { createPasswordChecker } from './login/password-checker.ts'
import { cookieName } from './login/session-cookies.ts'
import { createMetrics } from './metrics.ts'
import { loadSecretFiles, type Secrets } from './secret-files.ts'
import { createMemorySessionStore } from './sessions/session-store.memory.ts'
import { rememberVerifiedTokens } from './tokens/verified-tokens.ts'
import { createTokenVerifier } from './tokens/verify-token.ts'

const now = Date.now
const minuteMs = 60_000

function createDomain(settings: Settings, secrets: Secrets) {
  const sessionLifeMs = settings.SIDECAR_SESSION_LIFE_SECONDS * 1000
  const tokenLifeMs = settings.SIDECAR_TOKEN_LIFE_SECONDS * 1000
  const { SIDECAR_ISSUER: issuer, SIDECAR_AUDIENCE: audience } = settings
  const { keyRing } = secrets
  const authorities = createMemoryAuthorityStore({ recordLifeMs: sessionLifeMs + minuteMs, now })
  const sessions = createMemorySessionStore({ maxSessions: 100_000, now })
  const verifyToken = rememberVerifiedTokens(
    createTokenVerifier({ issuer, audience, keyRing, maxLifeMs: tokenLifeMs + minuteMs, now }),
    { maxTokens: 20_000, now },
  )
  return {
    authorities,
    sessions,
    feed: createAuthorityFeed(authorities.epoch, 10_000),
    currentAuthority: createCurrentAuthority({ issuer, verifyToken, sessions, authorities, now }),
    tokens: { issuer, audience, keyRing, tokenLifeMs, now },
    issuer,
    sessionLifeMs,
  }
}

function attemptsPerMinute(limit: number) {
  return createMemoryAttemptLimiter({ limit, windowMs: minuteMs, maxKeys: 200_000, now })
}

function signerFor(secrets: Secrets) {
  const [master] = secrets.assertionKeys
  if (!master) throw new Error('the assertion ring is empty')
  const secret = deriveAssertionKey(master.secret, backendAudience)
  return createAssertionSigner({ keyId: master.keyId, secret }, backendAudience, now).sign
}

async function start(
  settings: Settings,
): Promise<{ log: Log; running: { close: () => Promise<void> } }> {
  const log = createLog('auth-sidecar', settings.SALLYPORT_LOG_LEVEL)
  if (settings.SALLYPORT_MODE === 'development') {
    log.warn('development mode: cookies may travel over http; never use it in production')
  }
  const tls = loadTlsIdentity(settings.SIDECAR_TLS_DIRECTORY)
  const secrets = await loadSecretFiles(settings)
  const metrics = createMetrics()
  const domain = createDomain(settings, secrets)
  const checker = createPasswordChecker({ workers: 2, maxWaiting: 8 })
  const allowedOrigins = new Set(settings.SIDECAR_ALLOWED_ORIGINS)
  const secure = settings.SIDECAR_SECURE_COOKIES
  const name = settings.SIDECAR_SESSION_COOKIE_NAME

  const verify = createVerifyServer(tls, {
    attempts: attemptsPerMinute(settings.WS_RATE_LIMIT),
    origins: { allowedOrigins, allowMissingOrigin: settings.SIDECAR_ALLOW_MISSING_ORIGIN },
    sessionCookieName: cookieName(name, secure),
    currentAuthority: domain.currentAuthority,
    signAssertion: signerFor(secrets),
    now,
    log,
    metrics,
  })
  const internal = createInternalServer(tls, { ...domain, log, metrics })
  const auth = createRoleServer(
    {
      identity: tls,
      peerRole: 'traefik',
      onRefused: () => metrics.peersRefused.inc({ listener: 'auth' }),
    },
    createAuthApi({
      ...domain,
      users: secrets.users,
      checker,
      attemptsByAddress: attemptsPerMinute(settings.SIDECAR_LOGINS_PER_ADDRESS),
      attemptsByAccount: attemptsPerMinute(settings.SIDECAR_LOGINS_PER_ACCOUNT),
      cookies: { name, secure, lifeMs: domain.sessionLifeMs },
      allowedOrigins,
      now,
      log,
      metrics,
    }),
  )

  const closeVerify = createHttp2Closer(verify)
  const closeInternal = createHttp2Closer(internal)
  const host = settings.SIDECAR_HOST
  await listen(internal, settings.SIDECAR_INTERNAL_PORT, host)
  await listen(auth, settings.SIDECAR_AUTH_PORT, host)
  await listen(verify, settings.SIDECAR_VERIFY_PORT, host)
  const management = await startManagementServer({
    host,
    port: settings.SIDECAR_MANAGEMENT_PORT,
    isReady: () => verify.listening,
    metrics: metrics.registry,
  })
  log.info({ users: secrets.users.length, ways: credentialWays }, 'ready')
  const close = async () => {
    await closeVerify()
    await closeServer(auth, () => auth.closeAllConnections())
    await closeInternal()
    await management.close()
    await checker.close()
  }
  return { log, running: { close } }
}

await runService({
  name: 'auth-sidecar',
  settings: loadConfig(process.env),
  arguments: process.argv.slice(2),
  start,
})
