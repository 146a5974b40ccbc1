// The page server's settings: a pure function of the environment. Knows nothing of sessions, tokens or sockets.

import { join } from 'node:path'
import type { Result } from '@sallyport/contracts/result'
import { logLevels } from '@sallyport/service-kit/log'
import {
  type Environment,
  portNumber,
  readableFile,
  readSettings,
} from '@sallyport/service-kit/settings'
import { z } from 'zod'

const builtPages = z
  .string()
  .refine(
    (directory) => readableFile.safeParse(join(directory, 'index.html')).success,
    'must hold the built pages (index.html)',
  )

const tlsDirectory = z
  .string()
  .refine(
    (directory) =>
      ['authority.pem', 'certificate.pem', 'key.pem'].every(
        (name) => readableFile.safeParse(join(directory, name)).success,
      ),
    'must hold authority.pem, certificate.pem and key.pem',
  )

const schema = z.object({
  SALLYPORT_MODE: z.enum(['development', 'production']).default('production'),
  SALLYPORT_LOG_LEVEL: z.enum(logLevels).default('info'),
  FRONTEND_HOST: z.string().default('127.0.0.1'),
  FRONTEND_PORT: portNumber,
  FRONTEND_MANAGEMENT_PORT: portNumber,
  FRONTEND_TLS_DIRECTORY: tlsDirectory,
  FRONTEND_ASSETS_DIRECTORY: builtPages,
})

/** Every setting of the page server. */
export type Settings = z.output<typeof schema>

/** Reads the settings; the error lists every fault, one sentence each. */
export function loadSettings(environment: Environment): Result<Settings, readonly string[]> {
  return readSettings(schema, environment, ['FRONTEND_'])
}
