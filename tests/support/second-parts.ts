// Further processes beside a running system: a Traefik of the same binary and configuration with some addresses
// changed, and a sidecar of the same settings on ports of its own. For faults that the shared system must not suffer.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { request } from './http.ts'
import type { Stack } from './stack.ts'
import { until } from './until.ts'

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** The environment a running process was started with. */
function environmentOf(pid: number): Record<string, string> {
  return Object.fromEntries(
    readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .filter((entry) => entry.includes('='))
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
}

export type Part = {
  readonly pid: number
  readonly output: () => string
  readonly kill: (signal: NodeJS.Signals) => void
  readonly stop: () => Promise<void>
}

function start(command: string, args: string[], env: Record<string, string>): Part {
  const child: ChildProcess = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  }
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    pid: child.pid ?? 0,
    output: () => output,
    kill: (signal) => child.kill(signal),
    async stop() {
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Starts a second Traefik; `changes` replaces variables of the first one's environment. */
export async function startTraefik(
  stack: Stack,
  changes: Record<string, string>,
): Promise<Part & { readonly endpoints: Stack['endpoints']; readonly accessLog: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-traefik-'))
  const accessLog = join(folder, 'access.log')
  const [port, managementPort] = [await freePort(), await freePort()]
  const config = parse(readFileSync(join(stack.stateFolder, 'traefik/traefik.yml'), 'utf8'), {
    merge: true,
  }) as { entryPoints: Record<string, { address: string }>; accessLog: { filePath: string } }
  const { web, management } = config.entryPoints
  if (!web || !management) throw new Error('the static configuration has other entry points')
  web.address = `127.0.0.1:${port}`
  management.address = `127.0.0.1:${managementPort}`
  config.entryPoints = { web, management }
  config.accessLog.filePath = accessLog
  const file = join(folder, 'traefik.yml')
  writeFileSync(file, stringify(config))
  const { traefik } = stack.endpoints.pids
  const part = start(readlinkSync(`/proc/${traefik}/exe`), [`--configFile=${file}`], {
    ...environmentOf(traefik),
    SALLYPORT_ENTRY_POINTS: 'web',
    // A test's own backend meets what the test sends and nothing else.
    ...('SALLYPORT_BACKEND_URL' in changes && { SALLYPORT_BACKEND_CHECK_INTERVAL: '24h' }),
    ...changes,
  })
  const url = `http://127.0.0.1:${port}`
  await until('the second Traefik', () =>
    request(`${url}/ws`, { from: '127.0.0.1' }).then(
      ({ status }) => status === 426 || status === 503,
      () => false,
    ),
  )
  // The origin stays the first system's: that is what the sidecar allows.
  return { ...part, accessLog, endpoints: { ...stack.endpoints, public: url } }
}

/** Starts a second sidecar with the first one's settings on ports of its own. */
export async function startSidecar(stack: Stack): Promise<Part & { readonly verifyUrl: string }> {
  const [verify, auth, internal, admin, management] = await Promise.all(
    Array.from({ length: 5 }, async () => `${await freePort()}`),
  )
  if (!verify || !auth || !internal || !admin || !management) throw new Error('no free ports')
  const pid = stack.endpoints.pids['auth-sidecar']
  const main = join(import.meta.dirname, '../../auth-sidecar/src/main.ts')
  const part = start(process.execPath, [main], {
    ...environmentOf(pid),
    SIDECAR_VERIFY_PORT: verify,
    SIDECAR_AUTH_PORT: auth,
    SIDECAR_INTERNAL_PORT: internal,
    SIDECAR_ADMIN_PORT: admin,
    SIDECAR_MANAGEMENT_PORT: management,
    // The first one's is its own: two that wrote there would spoil it for each other.
    SIDECAR_STATE_DIRECTORY: '',
  })
  await until('the second sidecar', () =>
    request(`http://127.0.0.1:${management}/readyz`, { from: '127.0.0.1' }).then(
      ({ status }) => status === 200,
      () => false,
    ),
  )
  return { ...part, verifyUrl: `https://127.0.0.1:${verify}` }
}

/** Starts a second backend with the first one's settings, some changed, on ports of its own. */
export async function startBackend(
  stack: Stack,
  changes: Record<string, string>,
): Promise<Part & { readonly url: string }> {
  const port = await freePort()
  const main = join(import.meta.dirname, '../../ws-backend/src/main.ts')
  const environment = {
    ...environmentOf(stack.endpoints.pids['ws-backend']),
    BACKEND_PORT: `${port}`,
    BACKEND_MANAGEMENT_PORT: `${await freePort()}`,
    BACKEND_NODE_NAME: `ws-backend-at-${port}`,
    ...changes,
  }
  const part = start(process.execPath, [main], environment)
  await until('the second backend', () =>
    request(`http://127.0.0.1:${environment.BACKEND_MANAGEMENT_PORT}/readyz`, {
      from: '127.0.0.1',
    }).then(
      ({ status }) => status === 200,
      () => false,
    ),
  )
  return { ...part, url: `https://127.0.0.1:${port}` }
}
