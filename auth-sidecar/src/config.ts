// Environment → settings of the sidecar. Knows no clock and no file's content; that files can be read, and folders
// written to, is checked.

import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { coversEverybody, parseAddressRange } from '@sallyport/contracts/address-range'
import { isExactOrigin } from '@sallyport/contracts/exact-origin'
import { credentialWays } from '@sallyport/contracts/identity'
import { redisPrefixForm, redisPrefixRule } from '@sallyport/contracts/redis-acl'
import { err, type Result } from '@sallyport/contracts/result'
import { defaultWays } from '@sallyport/contracts/sallyport-file'
import { logLevels } from '@sallyport/service-kit/log'
import {
  commaList,
  type Environment,
  flag,
  portNumber,
  readableFile,
  readSettings,
  tlsDirectory,
  wholeNumber,
} from '@sallyport/service-kit/settings'
import { z } from 'zod'
import { isLoopback } from './login/loopback.ts'
import { parseRedisAddress } from './redis/redis-address.ts'

const noWay = ({ input }: { readonly input?: unknown }) =>
  `${String(input).slice(0, 32)} is no way; there are ${credentialWays.join(', ')}`

/** Every variable the sidecar reads; `.env.example` and the docs are tested against its keys. */
export const settingsSchema = z.object({
  SALLYPORT_MODE: z.enum(['development', 'production']).default('production'),
  SALLYPORT_LOG_LEVEL: z.enum(logLevels).default('info'),
  SIDECAR_HOST: z.string().default('127.0.0.1'),
  SIDECAR_VERIFY_PORT: portNumber,
  SIDECAR_AUTH_PORT: portNumber,
  SIDECAR_INTERNAL_PORT: portNumber,
  SIDECAR_MANAGEMENT_PORT: portNumber,
  SIDECAR_TLS_DIRECTORY: tlsDirectory,
  SIDECAR_ALLOWED_ORIGINS: commaList.refine(
    (origins) => origins.every(isExactOrigin),
    'must list origins like https://app.example.com: scheme, lower-case host, no path, no usual port',
  ),
  SALLYPORT_POLICY_FILE: readableFile.optional(),
  SIDECAR_CREDENTIAL_WAYS: commaList
    .pipe(z.array(z.enum(credentialWays, { error: noWay })))
    .prefault(defaultWays.join(',')),
  SIDECAR_ISSUER: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
  SIDECAR_AUDIENCE: z.string().default('sallyport'),
  SIDECAR_TOKEN_KEYS_FILE: readableFile,
  SIDECAR_ASSERTION_KEYS_FILE: readableFile,
  SIDECAR_USERS_FILE: readableFile.optional(),
  SIDECAR_TOKEN_LIFE_SECONDS: wholeNumber(30, 3600).prefault('600'),
  SIDECAR_SESSION_LIFE_SECONDS: wholeNumber(60, 2_592_000).prefault('86400'),
  SIDECAR_SECURE_COOKIES: flag.prefault('true'),
  SIDECAR_SESSION_COOKIE_NAME: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be letters, digits, _ or -; __Host- is added by itself')
    .default('sessionId'),
  SIDECAR_ALLOW_MISSING_ORIGIN: flag.prefault('false'),
  SIDECAR_TRUSTED_PROXIES: commaList
    .refine(
      (ranges) => ranges.every(mayBeTrusted),
      'must list ranges like 10.0.0.0/8, and none that trusts everybody',
    )
    .optional(),
  SIDECAR_LOGINS_PER_ACCOUNT: wholeNumber(1, 1_000_000).prefault('100'),
  SIDECAR_LOGINS_PER_ADDRESS: wholeNumber(1, 1_000_000).prefault('20'),
  SIDECAR_REFRESHES_PER_ADDRESS: wholeNumber(1, 1_000_000).prefault('600'),
  SIDECAR_TICKET_IN_QUERY: flag.prefault('false'),
  SIDECAR_TICKETS_PER_SESSION: wholeNumber(1, 1_000_000).prefault('60'),
  SIDECAR_TICKETS_PER_ADDRESS: wholeNumber(1, 1_000_000).prefault('600'),
  SIDECAR_DEVELOPMENT_BYPASS: z.string().default(''),
  SIDECAR_STATE_DIRECTORY: z
    .string()
    .refine(mayHoldState, 'must be a folder that can be written to, or that can be made')
    .optional(),
  SIDECAR_REDIS_URL: z.string().superRefine(nameRedisFault).optional(),
  SIDECAR_REDIS_PASSWORD_FILE: readableFile.refine(isNotEmpty, 'names an empty file').optional(),
  SIDECAR_REDIS_PREFIX: z.string().regex(redisPrefixForm, redisPrefixRule).default('sallyport'),
  SIDECAR_ADMIN_PORT: portNumber.optional(),
  SIDECAR_ADMIN_TOKENS_FILE: readableFile.optional(),
  SIDECAR_AUDIT_FILE: z
    .string()
    .refine(mayBeAppended, 'must be a file that can be written to, in a folder that is there')
    .optional(),
  WS_RATE_LIMIT: wholeNumber(1, 1_000_000).prefault('10'),
})

export type Settings = Readonly<z.output<typeof settingsSchema>>

/** Reads and checks all settings; the error names every fault, unsafe production settings included. */
export function loadConfig(environment: Environment): Result<Settings, readonly string[]> {
  const settings = readSettings(settingsSchema, environment, ['SIDECAR_'])
  const mode = environment['SALLYPORT_MODE'] || 'production'
  const unsafe = [
    ...(mode === 'production' ? productionFaults(environment) : []),
    ...bypassFaults(environment, mode),
    ...adminFaults(environment),
  ]
  if (!settings.ok) return err([...settings.error, ...unsafe])
  return unsafe.length > 0 ? err(unsafe) : settings
}

/** What is refused in production, read off the raw text so that it is reported beside other faults. */
function productionFaults(environment: Environment): string[] {
  const faults: string[] = []
  if (environment['SIDECAR_SECURE_COOKIES'] === 'false') {
    faults.push(
      'SIDECAR_SECURE_COOKIES: false is for development only (SALLYPORT_MODE=development)',
    )
  }
  if (environment['SIDECAR_ALLOWED_ORIGINS']?.includes('http://')) {
    faults.push('SIDECAR_ALLOWED_ORIGINS: http:// origins are for development only')
  }
  if (environment['SIDECAR_ISSUER']?.startsWith('http://')) {
    faults.push('SIDECAR_ISSUER: must be an https URL in production')
  }
  return faults
}

/** R3.6: the bypass is for one's own machine, whatever else is set. */
function bypassFaults(environment: Environment, mode: string): string[] {
  if (!environment['SIDECAR_DEVELOPMENT_BYPASS']) return []
  const faults: string[] = []
  if (mode !== 'development') {
    faults.push('SIDECAR_DEVELOPMENT_BYPASS: is for development only (SALLYPORT_MODE=development)')
  }
  if (!isLoopback(environment['SIDECAR_HOST'] || '127.0.0.1')) {
    faults.push('SIDECAR_DEVELOPMENT_BYPASS: needs SIDECAR_HOST to be a loopback address')
  }
  return faults
}

function adminFaults(environment: Environment): string[] {
  const isOpen = Boolean(environment['SIDECAR_ADMIN_PORT'])
  if (!isOpen || environment['SIDECAR_ADMIN_TOKENS_FILE']) return []
  return ['SIDECAR_ADMIN_TOKENS_FILE: must be set where SIDECAR_ADMIN_PORT is']
}

function nameRedisFault(text: string, context: z.RefinementCtx): void {
  const address = parseRedisAddress(text)
  if (!address.ok) context.addIssue({ code: 'custom', message: address.error })
}

/** A folder, or a path whose nearest folder may get new ones. */
function mayHoldState(path: string): boolean {
  const kind = kindOf(path)
  if (kind !== 'nothing') return kind === 'folder' && canWrite(path)
  const parent = dirname(resolve(path))
  return parent !== resolve(path) && mayHoldState(parent)
}

function mayBeAppended(path: string): boolean {
  const kind = kindOf(path)
  if (kind !== 'nothing') return kind === 'file' && canWrite(path)
  const folder = dirname(resolve(path))
  return kindOf(folder) === 'folder' && canWrite(folder)
}

function kindOf(path: string): 'folder' | 'file' | 'nothing' {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file'
  } catch {
    return 'nothing'
  }
}

/** What cannot be read is another fault. */
function isNotEmpty(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size !== 0
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function mayBeTrusted(text: string): boolean {
  const range = parseAddressRange(text)
  return range !== undefined && !coversEverybody(range)
}
