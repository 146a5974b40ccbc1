// The page server: composition root. Serves the built front end to Traefik and to nobody else.

import { Counter, Registry } from '@prometheus-io/client'
import { closeServer, listen } from '@sallyport/service-kit/listen'
import { createLog } from '@sallyport/service-kit/log'
import { startManagementServer } from '@sallyport/service-kit/management-server'
import { followTlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { createRingReport } from '@sallyport/service-kit/ring-report'
import { createRoleServer } from '@sallyport/service-kit/role-server'
import { runService } from '@sallyport/service-kit/run-service'
import { loadConfig, type Settings } from './config.ts'
import { createPagesHandler } from './pages.ts'
import { createUnavailableLog } from './unavailable.ts'

await runService({
  name: 'frontend',
  settings: loadConfig(process.env),
  arguments: process.argv.slice(2),
  start,
})

async function start(settings: Settings) {
  const log = createLog('frontend', settings.SALLYPORT_LOG_LEVEL)
  const metrics = new Registry()
  const refusedPeers = new Counter({
    name: 'sallyport_frontend_peers_refused_total',
    help: 'Connections cut because the peer does not hold the role traefik.',
    registers: [metrics],
  })

  const report = createRingReport(metrics, log)
  const identity = followTlsIdentity(settings.FRONTEND_TLS_DIRECTORY, report)
  const server = createRoleServer(
    { identity, peerRole: 'traefik', onRefused: () => refusedPeers.inc() },
    createPagesHandler({
      assetsDirectory: settings.FRONTEND_ASSETS_DIRECTORY,
      reread: settings.SALLYPORT_MODE === 'development',
      onUnavailable: createUnavailableLog(log, () => performance.now()),
    }),
  )
  const port = await listen(server, settings.FRONTEND_PORT, settings.FRONTEND_HOST)

  let ready = true
  const management = await startManagementServer({
    host: settings.FRONTEND_HOST,
    port: settings.FRONTEND_MANAGEMENT_PORT,
    isReady: () => ready,
    metrics,
  })
  log.info({ port, managementPort: management.port, mode: settings.SALLYPORT_MODE }, 'listening')

  const close = async () => {
    ready = false
    await closeServer(server, () => server.closeAllConnections())
    await management.close()
    await identity.close()
  }
  return { log, running: { close } }
}
