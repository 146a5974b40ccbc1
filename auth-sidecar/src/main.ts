// Composition root of the auth sidecar: settings, listeners, and a close for everything that was started.
// Start reading at handshake/decide-handshake.ts.

import { createHttp2Closer } from '@sallyport/service-kit/http2-server'
import { closeServer, listen } from '@sallyport/service-kit/listen'
import { createLog, type Log } from '@sallyport/service-kit/log'
import { startManagementServer } from '@sallyport/service-kit/management-server'
import { loadTlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { createRoleServer } from '@sallyport/service-kit/role-server'
import { runService } from '@sallyport/service-kit/run-service'
import { loadConfig, type Settings } from './config.ts'
import { attemptsPerMinute, createDomain, type Domain, deriveDeviceSecret } from './domain.ts'
import { type AuthApiDeps, createAuthApi } from './entrypoints/auth-api.ts'
import { createConnectionLog } from './entrypoints/connection-log.ts'
import { createInternalServer } from './entrypoints/internal-api.ts'
import { createVerifyServer } from './entrypoints/verify.ts'
import { createDevelopmentBypass } from './login/development-bypass.ts'
import { createKnownDevices } from './login/known-device.ts'
import { createPasswordChecker } from './login/password-checker.ts'
import { registerStateMetrics } from './metrics/state-metrics.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { openPolicy } from './policy/open-policy.ts'
import { decideRequest } from './requests/decide-request.ts'
import { loadSecretFiles, type Secrets } from './secret-files.ts'
import { issueCookieToken } from './tokens/issue-token.ts'

const now = Date.now
/** A probe is cheap and counts nothing against the upgrade, so it has a budget of its own. */
const probesPerMinute = 30

type Parts = {
  readonly settings: Settings
  readonly secrets: Secrets
  readonly domain: Domain
  readonly metrics: Metrics
  readonly log: Log
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
  const policy = openPolicy(settings, log)
  const metrics = createMetrics()
  const domain = createDomain({ settings, secrets, policy, metrics, log, now })
  const connectionLog = createConnectionLog(log, now)
  const logins = createLogins({ settings, secrets, domain, metrics, log })
  registerStateMetrics(metrics.registry, {
    limiters: { handshakes: domain.attempts.state, ...logins.limiters },
    tickets: domain.tickets.size,
    tokenMemory: domain.tokenVerifier.memory,
    keySets: domain.tokenVerifier.keySets,
  })

  const verify = createVerifyServer(tls, {
    ...domain,
    probes: attemptsPerMinute(probesPerMinute, now),
    decideRequest: (lines, route) => decideRequest(lines, route, domain),
    connectionLog,
    log,
    metrics,
  })
  const internal = createInternalServer(tls, { ...domain, connectionLog, log, metrics })
  const onRefused = () => metrics.peersRefused.inc({ listener: 'auth' })
  const auth = createRoleServer(
    { identity: tls, peerRole: 'traefik', onRefused },
    createAuthApi(logins.deps),
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
  const routes = policy.current().policy.routes.map(({ name, ways }) => ({ name, ways }))
  log.info({ users: secrets.users.length, routes }, 'ready')
  const close = async () => {
    await closeVerify()
    await closeServer(auth, () => auth.closeAllConnections())
    await closeInternal()
    await management.close()
    await logins.close()
    await policy.close()
    await domain.tokenVerifier.close()
    connectionLog.close()
  }
  return { log, running: { close } }
}

/** Sign-in, tickets and what they are limited by. */
function createLogins({ settings, secrets, domain, metrics, log }: Parts) {
  const { users } = secrets
  const secure = settings.SIDECAR_SECURE_COOKIES
  const checker = createPasswordChecker({ workers: 2, maxWaiting: 100 })
  const attemptsByAddress = attemptsPerMinute(settings.SIDECAR_LOGINS_PER_ADDRESS, now)
  const attemptsByAccount = attemptsPerMinute(settings.SIDECAR_LOGINS_PER_ACCOUNT, now)
  const deps: AuthApiDeps = {
    ...domain,
    users,
    checker,
    attemptsByAddress,
    attemptsByAccount,
    ticketsByAddress: attemptsPerMinute(settings.SIDECAR_TICKETS_PER_ADDRESS, now),
    ticketsBySession: attemptsPerMinute(settings.SIDECAR_TICKETS_PER_SESSION, now),
    countTicket: (outcome, reason) => metrics.ticketsAsked.inc({ outcome, reason }),
    devices: createKnownDevices({ secret: deriveDeviceSecret(secrets), secure, now }),
    bypass: createDevelopmentBypass({
      username: settings.SIDECAR_DEVELOPMENT_BYPASS,
      mode: settings.SALLYPORT_MODE,
      host: settings.SIDECAR_HOST,
      users,
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
  const limiters = {
    'logins-by-address': attemptsByAddress.state,
    'logins-by-account': attemptsByAccount.state,
  }
  return { deps, limiters, close: () => checker.close() }
}

await runService({
  name: 'auth-sidecar',
  settings: loadConfig(process.env),
  arguments: process.argv.slice(2),
  start,
})
