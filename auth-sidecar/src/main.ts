// Composition root of the auth sidecar: settings, listeners, and a close for everything that was started.
// Start reading at handshake/decide-handshake.ts.

import { createHttp2Closer } from '@sallyport/service-kit/http2-server'
import { closeServer, listen } from '@sallyport/service-kit/listen'
import { createLog, type Log } from '@sallyport/service-kit/log'
import { startManagementServer } from '@sallyport/service-kit/management-server'
import { followTlsIdentity, type TlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { createRingReport } from '@sallyport/service-kit/ring-report'
import { createRoleServer } from '@sallyport/service-kit/role-server'
import { runService } from '@sallyport/service-kit/run-service'
import { createAuditLog } from './admin/audit-log.ts'
import { adminFailuresPerMinute } from './admin/authenticate-admin.ts'
import { createConnectionListings } from './admin/connection-listings.ts'
import { loadConfig, type Settings } from './config.ts'
import { createDomain } from './domain.ts'
import { createAdminApi } from './entrypoints/admin-api.ts'
import { createAuthApi } from './entrypoints/auth-api.ts'
import { createConnectionLog } from './entrypoints/connection-log.ts'
import { createInternalServer } from './entrypoints/internal-api.ts'
import { createVerifyServer } from './entrypoints/verify.ts'
import { createLogins } from './logins.ts'
import { registerStateMetrics } from './metrics/state-metrics.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { openSecrets } from './open-secrets.ts'
import { openPolicy } from './policy/open-policy.ts'
import { decideRequest } from './requests/decide-request.ts'

const now = Date.now
/** A probe is cheap and counts nothing against the upgrade, so it has a budget of its own. */
const probesPerMinute = 30

async function start(
  settings: Settings,
): Promise<{ log: Log; running: { close: () => Promise<void> } }> {
  const log = createLog('auth-sidecar', settings.SALLYPORT_LOG_LEVEL)
  if (settings.SALLYPORT_MODE === 'development') {
    log.warn('development mode: cookies may travel over http; never use it in production')
  }
  const metrics = createMetrics()
  const report = createRingReport(metrics.registry, log)
  const tls = followTlsIdentity(settings.SIDECAR_TLS_DIRECTORY, report)
  const { users, redisPassword, secrets } = await openSecrets(settings, report, now)
  const policy = openPolicy(settings, log)
  const domain = await createDomain({ settings, secrets, redisPassword, policy, metrics, log, now })
  const connectionLog = createConnectionLog(log, now)
  const logins = createLogins({ settings, users, secrets, domain, metrics, log, now })
  registerStateMetrics(metrics.registry, {
    limiters: { handshakes: domain.attempts.state, ...logins.limiters },
    tickets: domain.tickets.size,
    tokenMemory: domain.tokenVerifier.memory,
    keySets: domain.tokenVerifier.keySets,
  })

  const verify = createVerifyServer(tls, {
    ...domain,
    probes: domain.attemptsPerMinute('probes', probesPerMinute),
    decideRequest: (lines, route) => decideRequest(lines, route, domain),
    connectionLog,
    log,
    metrics,
  })
  const isReady = () => verify.listening && domain.isReady()
  const listings = createConnectionListings({ feed: domain.feed })
  const internal = createInternalServer(tls, { ...domain, listings, connectionLog, log, metrics })
  const auth = createApiServer(tls, 'auth', createAuthApi(logins.deps), metrics)
  const adminApi = createAdminApi({
    ...domain,
    listings,
    audit: createAuditLog({ path: settings.SIDECAR_AUDIT_FILE, log, now }),
    tokens: secrets.adminTokens,
    failures: domain.attemptsPerMinute('admin-failures', adminFailuresPerMinute),
    isReady,
    log,
    metrics,
  })
  const admin = createApiServer(tls, 'admin', adminApi, metrics)

  const closeVerify = createHttp2Closer(verify)
  const closeInternal = createHttp2Closer(internal)
  const host = settings.SIDECAR_HOST
  await listen(internal, settings.SIDECAR_INTERNAL_PORT, host)
  await listen(auth, settings.SIDECAR_AUTH_PORT, host)
  if (settings.SIDECAR_ADMIN_PORT !== undefined) {
    await listen(admin, settings.SIDECAR_ADMIN_PORT, host)
  }
  await listen(verify, settings.SIDECAR_VERIFY_PORT, host)
  const management = await startManagementServer({
    host,
    port: settings.SIDECAR_MANAGEMENT_PORT,
    isReady,
    metrics: metrics.registry,
  })
  const routes = policy.current().policy.routes.map(({ name, ways }) => ({ name, ways }))
  log.info({ users: users.length, routes }, 'ready')
  const close = async () => {
    await closeVerify()
    for (const server of [auth, admin]) {
      if (server.listening) await closeServer(server, () => server.closeAllConnections())
    }
    await closeInternal()
    await management.close()
    await logins.close()
    await policy.close()
    await domain.close()
    await secrets.close()
    await tls.close()
    connectionLog.close()
  }
  return { log, running: { close } }
}

/** A listener for Traefik that answers in HTTP/1.1. */
function createApiServer(
  identity: TlsIdentity,
  listener: 'auth' | 'admin',
  app: Parameters<typeof createRoleServer>[1],
  { peersRefused }: Pick<Metrics, 'peersRefused'>,
) {
  const onRefused = () => peersRefused.inc({ listener })
  return createRoleServer({ identity, peerRole: 'traefik', onRefused }, app)
}

await runService({
  name: 'auth-sidecar',
  settings: loadConfig(process.env),
  arguments: process.argv.slice(2),
  start,
})
