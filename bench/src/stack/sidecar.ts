// The real sidecar: its own main.ts with production settings, everything on, the log going to a file.

import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import type { Context } from '../context.ts'
import type { Started } from '../processes.ts'
import { clientOptions } from '../tls-identity.ts'
import { answersOk, until } from '../until.ts'
import { freePorts } from './free-ports.ts'
import type { Secrets } from './launcher-parts.ts'

/** The origin that handshakes of the bench come from. */
export const origin = 'https://app.example.com'

/** `iss` of the sidecar's own tokens. */
export const builtInIssuer = `${origin}/auth`

export type Sidecar = {
  readonly process: Started
  readonly verifyPort: number
  readonly authPort: number
  /** A good access token, from a real login. */
  readonly token: string
}

export type SidecarOptions = {
  /** Undefined: any core. */
  readonly core?: number | undefined
  readonly profileFolder?: string | undefined
  /** Variables that differ from those of the other figures. */
  readonly settings?: Readonly<Record<string, string>>
  /** Collects garbage on request, for who measures memory. */
  readonly collects?: boolean
}

const readyWithinMs = 20_000

/** Starts the sidecar, waits until it is ready and logs in once. */
export async function startSidecar(
  context: Context,
  secrets: Secrets,
  options: SidecarOptions,
): Promise<Sidecar> {
  const [verify = 0, auth = 0, internal = 0, management = 0] = await freePorts(4)
  const logFile = join(context.scratch, `auth-sidecar-${verify}.log`)
  const log = openSync(logFile, 'a')
  const process = context.keeper.start(globalThis.process.execPath, argumentsOf(context, options), {
    ...(options.core !== undefined && { core: options.core }),
    env: {
      ...environmentOf(secrets, { verify, auth, internal, management }),
      ...options.settings,
    },
    stdio: ['ignore', log, log, ...(options.collects ? ['ipc' as const] : [])],
  })
  closeSync(log)
  await until('the sidecar is ready', readyWithinMs, () => {
    if (process.child.exitCode !== null) {
      throw new Error(`the sidecar ended: ${readFileSync(logFile, 'utf8').trim().slice(-500)}`)
    }
    return answersOk(`http://127.0.0.1:${management}/readyz`)
  })
  return { process, verifyPort: verify, authPort: auth, token: await logIn(auth, secrets) }
}

/** Collects the sidecar's garbage and gives what V8 holds then; only of one that was started to. */
export async function collectGarbage({ process }: Sidecar): Promise<NodeJS.MemoryUsage> {
  const collected = once(process.child, 'message', { signal: AbortSignal.timeout(20_000) })
  process.child.send('collect')
  const [usage] = (await collected) as [NodeJS.MemoryUsage]
  return usage
}

function argumentsOf({ root }: Context, { profileFolder, collects }: SidecarOptions): string[] {
  const collector = join(root, 'bench', 'src', 'servers', 'collect-on-request.ts')
  return [
    ...(profileFolder ? ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`] : []),
    ...(collects ? ['--expose-gc', '--import', pathToFileURL(collector).href] : []),
    join(root, 'auth-sidecar', 'src', 'main.ts'),
  ]
}

function environmentOf(secrets: Secrets, ports: Record<string, number>): Record<string, string> {
  return {
    SALLYPORT_MODE: 'production',
    SALLYPORT_LOG_LEVEL: 'info',
    SIDECAR_HOST: '127.0.0.1',
    SIDECAR_VERIFY_PORT: `${ports['verify']}`,
    SIDECAR_AUTH_PORT: `${ports['auth']}`,
    SIDECAR_INTERNAL_PORT: `${ports['internal']}`,
    SIDECAR_MANAGEMENT_PORT: `${ports['management']}`,
    SIDECAR_TLS_DIRECTORY: secrets.sidecarTls,
    SIDECAR_ALLOWED_ORIGINS: origin,
    SIDECAR_ISSUER: builtInIssuer,
    SIDECAR_TOKEN_KEYS_FILE: secrets.tokenKeysFile,
    SIDECAR_ASSERTION_KEYS_FILE: secrets.assertionKeysFile,
    SIDECAR_USERS_FILE: secrets.usersFile,
    SIDECAR_TOKEN_LIFE_SECONDS: '3600',
    // The limit is counted for every attempt; it only must not refuse one.
    WS_RATE_LIMIT: '1000000',
  }
}

async function logIn(port: number, { user, traefikTls }: Secrets): Promise<string> {
  const login = request({
    ...clientOptions(traefikTls),
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/auth/login',
    agent: false,
    headers: { 'content-type': 'application/json', origin, 'x-forwarded-for': '127.0.0.1' },
  })
  login.end(JSON.stringify({ username: user.username, password: user.password }))
  const [response] = (await once(login, 'response')) as [IncomingMessage]
  const { token } = (await json(response)) as { token?: unknown }
  if (response.statusCode === 200 && typeof token === 'string') return token
  throw new Error(`the login was answered with ${response.statusCode}`)
}
