// Two Traefiks, two sidecars, two backends, one Redis: what `make up REPLICAS=2 STATE=redis` starts, with every limit
// on how much one client may do out of the way. Limits are no part of what is measured here.

import type { JsonWebKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { readCpuSeconds } from '../cpu-time.ts'
import type { Gate, SessionMint } from '../load/fleet/fleet-protocol.ts'
import { launch } from './launch.ts'
import { readPids, readReplicas } from './read-endpoints.ts'

export type TwoPairs = {
  readonly gates: readonly Gate[]
  readonly backends: readonly { readonly management: string; readonly pid: number }[]
  readonly adminToken: string
  /** Logs in; what it mints are tokens of other sessions of that user. Rejects when that is refused. */
  readonly signIn: (username: string) => Promise<SessionMint>
  /** Processor that all sidecars and all backends used so far. */
  readonly cpuSeconds: () => CpuSeconds
}

export type CpuSeconds = { readonly sidecars: number; readonly backends: number }

const limits = {
  WS_RATE_LIMIT: '1000000',
  SIDECAR_LOGINS_PER_ADDRESS: '1000',
  SIDECAR_LOGINS_PER_ACCOUNT: '1000',
  SIDECAR_TOKEN_LIFE_SECONDS: '3600',
  BACKEND_MAX_SOCKETS_PER_SESSION: '100000',
  BACKEND_MAX_SOCKETS_PER_SUBJECT: '100000',
  BACKEND_MAX_SOCKETS_PER_ADDRESS: '100000',
}

/** Starts it and waits until it is ready; the keeper stops it. */
export async function startTwoPairs(
  context: Context,
  name: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<TwoPairs> {
  const { stateFolder } = await launch(context, name, {
    REPLICAS: '2',
    STATE: 'redis',
    ...limits,
    ...settings,
  })
  const read = (file: string) =>
    JSON.parse(readFileSync(join(stateFolder, file), 'utf8')) as unknown
  const endpoints = read('endpoints.json')
  const { users, adminToken } = read('credentials.json') as {
    readonly users: readonly Credentials[]
    readonly adminToken: string
  }
  const { keys } = read('keys/token-keys.json') as { readonly keys: readonly JsonWebKey[] }
  const replicas = readReplicas(endpoints)
  const pids = {
    sidecars: readPids(endpoints, 'auth-sidecar'),
    backends: readPids(endpoints, 'ws-backend'),
  }
  const [gate] = replicas
  const sum = (those: readonly number[]) =>
    those.reduce((total, pid) => total + readCpuSeconds(pid), 0)
  return {
    gates: replicas,
    backends: replicas.map(({ backend }, place) => ({
      management: backend,
      pid: pids.backends[place] ?? 0,
    })),
    adminToken,
    cpuSeconds: () => ({ sidecars: sum(pids.sidecars), backends: sum(pids.backends) }),
    async signIn(username) {
      const user = users.find((each) => each.username === username)
      if (!gate || !user) throw new Error(`nobody is called ${username}`)
      return { template: await logIn(gate, user), privateKey: keys[0] ?? {} }
    },
  }
}

type Credentials = { readonly username: string; readonly password: string }

async function logIn({ port, origin }: Gate, { username, password }: Credentials): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ username, password }),
  })
  const { token } = (await answer.json()) as { readonly token?: unknown }
  if (answer.status === 200 && typeof token === 'string') return token
  throw new Error(`the login was answered with ${answer.status}`)
}
