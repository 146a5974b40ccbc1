// Entry point of the backend, and the only file of it that reads the process's environment.

import { createLog } from '@sallyport/service-kit/log'
import { loadTlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { runService } from '@sallyport/service-kit/run-service'
import { loadConfig } from './config.ts'
import { loadAssertionKeys } from './connection/assertion-keys.ts'
import { defaultLimits } from './connection/connection-limits.ts'
import { defaultDrainTiming } from './drain.ts'
import { startBackend } from './start-backend.ts'

const recheckIntervalMs = 60_000

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
      tls: loadTlsIdentity(settings.BACKEND_TLS_DIRECTORY),
      assertionKeys: loadAssertionKeys(settings.BACKEND_ASSERTION_KEYS_FILE),
      authorityUrl: settings.BACKEND_AUTHORITY_URL,
      socketPaths: settings.BACKEND_SOCKET_PATHS,
      limits: {
        ...defaultLimits,
        heartbeatMs: settings.BACKEND_HEARTBEAT_MS,
        maxMessageBytes: settings.BACKEND_MAX_MESSAGE_BYTES,
        authenticateDeadlineMs: settings.BACKEND_AUTHENTICATE_DEADLINE_MS,
        maxPending: settings.BACKEND_MAX_PENDING,
        maxPendingPerAddress: settings.BACKEND_MAX_PENDING_PER_ADDRESS,
      },
      drainTiming: defaultDrainTiming,
      recheckIntervalMs,
      log,
    })
    return { log, running }
  },
})
