// A whole running system for tests: the real launcher, real Traefik, a state folder of its own, ports from the OS.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** The repository's root. */
export const root = join(import.meta.dirname, '../..')

/** The addresses of one pair of Traefik and sidecar, with the backend beside it and the front end of all. */
export type Replica = {
  readonly public: string
  readonly publicAlternates: readonly string[]
  readonly management: string
  readonly services: {
    readonly 'auth-sidecar': Record<'verify' | 'auth' | 'internal' | 'admin' | 'management', string>
    readonly 'ws-backend': Record<'sockets' | 'management', string>
    readonly frontend: Record<'pages' | 'management', string>
  }
}

type Always = 'launcher' | 'auth-sidecar' | 'ws-backend' | 'frontend' | 'traefik'
type Sometimes = 'redis' | 'auth-sidecar-2' | 'ws-backend-2' | 'traefik-2'

/** What `endpoints.json` holds: the first pair's addresses, and those of all pairs. */
export type Endpoints = Replica & {
  readonly replicas: readonly Replica[]
  readonly redis?: { readonly port: number }
  /** Of a sidecar that was started again, the new one: read the file again. */
  readonly pids: Readonly<Record<Always, number>> & { readonly [Name in Sometimes]?: number }
}

export type Credentials = {
  readonly users: readonly { readonly username: string; readonly password: string }[]
  readonly adminToken: string
}

export type Stack = {
  readonly stateFolder: string
  readonly endpoints: Endpoints
  readonly credentials: Credentials
  /** Everything the launcher and its children printed so far. */
  readonly output: () => string
  /** Stops it and deletes its folder. */
  readonly stop: () => Promise<void>
}

export type StartedStack = Stack & {
  /** Stops it and keeps the folder, for `startStack` to go on there. */
  readonly halt: () => Promise<void>
}

/**
 * Starts a system and waits until it says that it is ready; rejects with its output when it is not. Two pairs over a
 * Redis of their own: `{ REPLICAS: '2', STATE: 'redis' }`. After one that was halted it goes on in its folder, at its
 * addresses.
 */
export async function startStack(
  environment: Record<string, string> = {},
  halted?: Pick<Stack, 'stateFolder' | 'endpoints'>,
): Promise<StartedStack> {
  const stateFolder = halted?.stateFolder ?? mkdtempSync(join(tmpdir(), 'sallyport-test-'))
  const child = spawn(process.execPath, [join(root, 'launcher/src/main.ts'), 'up'], {
    cwd: root,
    env: {
      ...withoutMode(process.env),
      NO_COLOR: '1',
      SALLYPORT_STATE: stateFolder,
      SALLYPORT_FOREGROUND: '1',
      PUBLIC_PORT: portOf(halted?.endpoints.public),
      MANAGEMENT_PORT: portOf(halted?.endpoints.management),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await untilReady(child, lines)
  const halt = () => {
    child.kill('SIGTERM')
    return exited
  }
  return {
    ...readStack(stateFolder),
    output: () => lines.join('\n'),
    halt,
    async stop() {
      await halt()
      rmSync(stateFolder, { recursive: true, force: true })
    },
  }
}

/** The one that was there before, or any free one. */
function portOf(address: string | undefined): string {
  return address === undefined ? '0' : new URL(address).port
}

/** The test runner sets a MODE of its own, which means something else to the launcher. */
export function withoutMode({ MODE: _mode, ...environment }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return environment
}

/** Reads what a running system wrote into its state folder. */
export function readStack(stateFolder: string) {
  const read = (name: string) =>
    JSON.parse(readFileSync(join(stateFolder, name), 'utf8')) as unknown
  return {
    stateFolder,
    endpoints: read('endpoints.json') as Endpoints,
    credentials: read('credentials.json') as Credentials,
  }
}

function untilReady(child: ChildProcess, lines: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line)
        if (line.startsWith('ready ')) resolve()
      })
    }
    child.once('exit', (code) =>
      reject(new Error(`the launcher ended with ${code}:\n${lines.slice(-60).join('\n')}`)),
    )
  })
}
