// Which services follow keys, and what each says about the content it has in force. Reads endpoints.json and metrics;
// knows no key.

import { request } from 'node:http'
import type { Endpoints } from '../endpoints.ts'
import { instanceName } from '../topology.ts'

/** The services that follow files; Traefik does not, and says nothing. */
export type FollowerKind = 'auth-sidecar' | 'ws-backend' | 'frontend'

export type RunningService = {
  readonly kind: FollowerKind
  /** As everywhere: `auth-sidecar-2` is the one of the second pair. */
  readonly name: string
  readonly management: string
}

/** A Traefik's public address, and the sidecar that only this one calls, at which port for plain requests. */
export type Gate = {
  readonly public: string
  readonly sidecar: RunningService
  readonly authPort: string
}

type ServiceAddresses = {
  readonly 'auth-sidecar'?: { readonly management: string; readonly auth: string }
  readonly 'ws-backend'?: { readonly management: string }
  readonly frontend?: { readonly management: string }
}

/** One system of several replicas lists each one's addresses; they may share a service. */
export type ReplicatedEndpoints = Pick<Endpoints, 'public'> & {
  readonly services: ServiceAddresses
  readonly replicas?: readonly { readonly public?: string; readonly services?: ServiceAddresses }[]
}

const kinds: readonly FollowerKind[] = ['auth-sidecar', 'ws-backend', 'frontend']
const timeoutMs = 1000

/** Every service that follows keys, each once. */
export function servicesOf(endpoints: ReplicatedEndpoints): readonly RunningService[] {
  const parts = [endpoints.services, ...(endpoints.replicas ?? []).map(({ services }) => services)]
  return kinds.flatMap((kind) => {
    const addresses = new Set(parts.flatMap((part) => part?.[kind]?.management ?? []))
    return [...addresses].map((management, index) => ({
      kind,
      name: instanceName(kind, index),
      management,
    }))
  })
}

/** The gate of each replica. */
export function gatesOf(endpoints: ReplicatedEndpoints): readonly Gate[] {
  const sidecars = servicesOf(endpoints).filter(({ kind }) => kind === 'auth-sidecar')
  const parts = endpoints.replicas?.length ? endpoints.replicas : [endpoints]
  return parts.flatMap((part) => {
    const { management, auth = '' } = part.services?.['auth-sidecar'] ?? {}
    const sidecar = sidecars.find((each) => each.management === management)
    if (!sidecar || part.public === undefined) return []
    return [{ public: part.public, sidecar, authPort: new URL(auth).port }]
  })
}

/** The `digest` of a gauge's sample with these labels; undefined while there is none. */
export async function readDigest(
  { management }: RunningService,
  metric: string,
  wanted: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const body = await readText(`${management}/metrics`)
  for (const line of body?.split('\n') ?? []) {
    if (!line.startsWith(`${metric}{`)) continue
    const labels = new Map([...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, a, b]) => [a, b]))
    const fits = Object.entries(wanted).every(([name, value]) => labels.get(name) === value)
    if (fits) return labels.get('digest')
  }
  return undefined
}

/** The body of a 200 within a second; undefined for anything else. */
export function readText(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const question = request(url, { agent: false, timeout: timeoutMs }, (answer) => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        body += chunk
      })
      answer.once('end', () => resolve(answer.statusCode === 200 ? body : undefined))
      answer.once('error', () => resolve(undefined))
    })
    question.once('timeout', () => question.destroy())
    question.once('error', () => resolve(undefined))
    question.once('close', () => resolve(undefined))
    question.end()
  })
}
