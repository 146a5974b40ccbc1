// Environment → settings of the backend. Pure: opens nothing for keeps, logs nothing, knows no clock.

import type { Result } from '@sallyport/contracts/result'
import { logLevels } from '@sallyport/service-kit/log'
import {
  commaList,
  type Environment,
  portNumber,
  readableFile,
  readSettings,
  tlsDirectory,
  wholeNumber,
} from '@sallyport/service-kit/settings'
import { z } from 'zod'
import { anyPath, isPlainPath } from './socket-paths.ts'

/** Every variable the backend reads; `.env.example` and the docs are tested against its keys. */
export const settingsSchema = z.object({
  SALLYPORT_LOG_LEVEL: z.enum(logLevels).default('info'),
  BACKEND_HOST: z.string().default('127.0.0.1'),
  BACKEND_PORT: portNumber,
  BACKEND_MANAGEMENT_PORT: portNumber,
  BACKEND_TLS_DIRECTORY: tlsDirectory,
  BACKEND_AUTHORITY_URL: z.string().refine(isHttpsOrigin, 'must be https://host:port, no path'),
  BACKEND_ASSERTION_KEYS_FILE: readableFile,
  BACKEND_HEARTBEAT_MS: wholeNumber(1000, 300_000).prefault('25000'),
  BACKEND_MAX_MESSAGE_BYTES: wholeNumber(1024, 1_048_576).prefault('65536'),
  BACKEND_SOCKET_PATHS: commaList
    .refine((paths) => paths.every(isPathOrAny), 'must hold paths like /ws, or be *')
    .prefault(anyPath),
  BACKEND_AUTHENTICATE_DEADLINE_MS: wholeNumber(1000, 30_000).prefault('10000'),
  BACKEND_MAX_PENDING: wholeNumber(1, 100_000).prefault('1000'),
  BACKEND_MAX_PENDING_PER_ADDRESS: wholeNumber(1, 100_000).prefault('10'),
})

export type Settings = Readonly<z.output<typeof settingsSchema>>

/** Reads and checks all settings; the error names every fault. */
export function loadConfig(environment: Environment): Result<Settings, readonly string[]> {
  return readSettings(settingsSchema, environment, ['BACKEND_'])
}

function isHttpsOrigin(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && url.protocol === 'https:' && url.origin === text
}

function isPathOrAny(path: string): boolean {
  return path === anyPath || isPlainPath(path)
}
