// Entry point of the backend, and the only file of it that reads the process's environment.

import { randomBytes } from 'node:crypto'
import { createLog } from '@sallyport/service-kit/log'
import { followTlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { runService } from '@sallyport/service-kit/run-service'
import { loadConfig } from './config.ts'
import { followAssertionKeys } from './connection/assertion-keys.ts'
import { defaultLimits } from './connection/connection-limits.ts'
import { defaultDrainTiming } from './drain.ts'
import { startBackend } from './start-backend.ts'

await runService({
  name: 'ws-backend',
  settings: loadConfig(process.env),
  arguments: process.argv.slice(2),
  start: async (settings) => {
    const log = createLog('ws-backend', settings.SALLYPORT_LOG_LEVEL)
    const running = await startBackend({
      host: settings.BACKEND_HOST,
      port: settings.BACKEND_PORT,
      managementPort: settings.BACKEND_MANAGEMENT_PORT,
      openKeys: (report) => {
        const tls = followTlsIdentity(settings.BACKEND_TLS_DIRECTORY, report)
        const ring = followAssertionKeys(settings.BACKEND_ASSERTION_KEYS_FILE, report)
        const close = async () => {
          await Promise.all([tls.close(), ring.close()])
        }
        return { tls, assertionKeys: ring.current, close }
      },
      authorityUrls: settings.BACKEND_AUTHORITY_URL,
      nodeName: settings.BACKEND_NODE_NAME ?? `node-${randomBytes(4).toString('hex')}`,
      socketPaths: settings.BACKEND_SOCKET_PATHS,
      limits: {
        ...defaultLimits,
        heartbeatMs: settings.BACKEND_HEARTBEAT_MS,
        maxMessageBytes: settings.BACKEND_MAX_MESSAGE_BYTES,
        authenticateDeadlineMs: settings.BACKEND_AUTHENTICATE_DEADLINE_MS,
        maxPending: settings.BACKEND_MAX_PENDING,
        maxPendingPerAddress: settings.BACKEND_MAX_PENDING_PER_ADDRESS,
        maxSocketsPerSession: settings.BACKEND_MAX_SOCKETS_PER_SESSION,
        maxSocketsPerSubject: settings.BACKEND_MAX_SOCKETS_PER_SUBJECT,
        maxSocketsPerAddress: settings.BACKEND_MAX_SOCKETS_PER_ADDRESS,
        socketLimitPolicy: settings.BACKEND_SOCKET_LIMIT_POLICY,
      },
      drainTiming: defaultDrainTiming,
      recheckIntervalMs: settings.BACKEND_RECHECK_SECONDS * 1000,
      maxBlindMs: settings.BACKEND_MAX_BLIND_SECONDS * 1000,
      log,
    })
    return { log, running }
  },
})
