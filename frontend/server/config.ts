// The page server's settings: a pure function of the environment. Knows nothing of sessions, tokens or sockets.

import { join } from 'node:path'
import type { Result } from '@sallyport/contracts/result'
import { logLevels } from '@sallyport/service-kit/log'
import {
  type Environment,
  portNumber,
  readableFile,
  readSettings,
  tlsDirectory,
} from '@sallyport/service-kit/settings'
import { z } from 'zod'

const builtPages = z
  .string()
  .refine(
    (directory) => readableFile.safeParse(join(directory, 'index.html')).success,
    'must hold the built pages (index.html)',
  )

/** Every variable the page server reads; `.env.example` and the docs are tested against its keys. */
export const settingsSchema = z.object({
  SALLYPORT_MODE: z.enum(['development', 'production']).default('production'),
  SALLYPORT_LOG_LEVEL: z.enum(logLevels).default('info'),
  FRONTEND_HOST: z.string().default('127.0.0.1'),
  FRONTEND_PORT: portNumber,
  FRONTEND_MANAGEMENT_PORT: portNumber,
  FRONTEND_TLS_DIRECTORY: tlsDirectory,
  FRONTEND_ASSETS_DIRECTORY: builtPages,
})

/** Every setting of the page server. */
export type Settings = z.output<typeof settingsSchema>

/** Reads the settings; the error lists every fault, one sentence each. */
export function loadConfig(environment: Environment): Result<Settings, readonly string[]> {
  return readSettings(settingsSchema, environment, ['FRONTEND_'])
}
