// Environment → settings of the backend. Pure: opens nothing for keeps, logs nothing, knows no clock.

import { nodeNameForm } from '@sallyport/contracts/authority-questions'
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
import { socketLimitPolicies } from './connection/connection-limits.ts'
import { anyPath, isPlainPath } from './socket-paths.ts'

/** Each costs a feed and a connection for questions. */
const maxSidecars = 8

/** Every variable the backend reads; `.env.example` and the docs are tested against its keys. */
export const settingsSchema = z.object({
  SALLYPORT_LOG_LEVEL: z.enum(logLevels).default('info'),
  BACKEND_HOST: z.string().default('127.0.0.1'),
  BACKEND_PORT: portNumber,
  BACKEND_MANAGEMENT_PORT: portNumber,
  BACKEND_TLS_DIRECTORY: tlsDirectory,
  BACKEND_AUTHORITY_URL: commaList
    .refine(
      (urls) => urls.every(isHttpsOrigin),
      'must hold origins like https://host:port, no path',
    )
    .refine((urls) => urls.length <= maxSidecars, `must hold at most ${maxSidecars} origins`)
    .refine((urls) => new Set(urls).size === urls.length, 'holds an origin twice'),
  BACKEND_NODE_NAME: z
    .string()
    .regex(nodeNameForm, 'must be 1 to 64 letters, digits, ".", "_" or "-"')
    .optional(),
  BACKEND_ASSERTION_KEYS_FILE: readableFile,
  BACKEND_HEARTBEAT_MS: wholeNumber(1000, 300_000).prefault('25000'),
  BACKEND_MAX_MESSAGE_BYTES: wholeNumber(1024, 1_048_576).prefault('65536'),
  BACKEND_SOCKET_PATHS: commaList
    .refine((paths) => paths.every(isPathOrAny), 'must hold paths like /ws, or be *')
    .prefault(anyPath),
  BACKEND_AUTHENTICATE_DEADLINE_MS: wholeNumber(1000, 30_000).prefault('10000'),
  BACKEND_MAX_PENDING: wholeNumber(1, 100_000).prefault('1000'),
  BACKEND_MAX_PENDING_PER_ADDRESS: wholeNumber(1, 100_000).prefault('10'),
  BACKEND_RECHECK_SECONDS: wholeNumber(5, 300).prefault('30'),
  BACKEND_MAX_BLIND_SECONDS: wholeNumber(10, 86_400).prefault('600'),
  BACKEND_MAX_SOCKETS_PER_SESSION: wholeNumber(1, 100_000).prefault('20'),
  BACKEND_MAX_SOCKETS_PER_SUBJECT: wholeNumber(1, 100_000).prefault('50'),
  BACKEND_MAX_SOCKETS_PER_ADDRESS: wholeNumber(1, 100_000).prefault('1000'),
  BACKEND_SOCKET_LIMIT_POLICY: z.enum(socketLimitPolicies).default('refuse'),
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
