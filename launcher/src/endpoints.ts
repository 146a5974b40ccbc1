// endpoints.json: every address of a native run, made from the chosen ports. Pure but for reading the file.

import type { ChosenPorts } from './ports.ts'
import { readJson, type StatePaths } from './state-folder.ts'

/** The processes of a native run, in start order. */
export const serviceNames = ['auth-sidecar', 'ws-backend', 'frontend', 'traefik'] as const

export type ServiceName = (typeof serviceNames)[number]

/** Every URL in use, as tests and users' scripts read it. */
export type Addresses = {
  readonly public: string
  readonly publicAlternates: readonly string[]
  readonly management: string
  readonly services: {
    readonly 'auth-sidecar': {
      readonly verify: string
      readonly auth: string
      readonly internal: string
      readonly management: string
    }
    readonly 'ws-backend': { readonly sockets: string; readonly management: string }
    readonly frontend: { readonly pages: string; readonly management: string }
  }
}

/** The file's content: addresses and process ids. */
export type Endpoints = Addresses & { readonly pids: Readonly<Record<string, number>> }

/** Makes the addresses of one set of ports. */
export function addressesOf(ports: ChosenPorts): Addresses {
  const tls = (port: number) => `https://127.0.0.1:${port}`
  const plain = (port: number) => httpOrigin('127.0.0.1', port)
  const { internal } = ports
  return {
    public: httpOrigin('localhost', ports.public),
    publicAlternates: [
      plain(ports.public),
      ...(ports.hasIpv6Loopback ? [httpOrigin('[::1]', ports.public)] : []),
    ],
    management: plain(ports.management),
    services: {
      'auth-sidecar': {
        verify: tls(internal.verify),
        auth: tls(internal.auth),
        internal: tls(internal.internal),
        management: plain(internal.sidecarManagement),
      },
      'ws-backend': {
        sockets: tls(internal.sockets),
        management: plain(internal.backendManagement),
      },
      frontend: { pages: tls(internal.pages), management: plain(internal.frontendManagement) },
    },
  }
}

/** As browsers write an origin: they leave the default port out, and origins are compared letter by letter. */
function httpOrigin(host: string, port: number): string {
  return new URL(`http://${host}:${port}`).origin
}

/** Where a service says that it is ready. */
export function readinessUrl(addresses: Addresses, service: ServiceName): string {
  if (service === 'traefik') return `${addresses.management}/ping`
  return `${addresses.services[service].management}/readyz`
}

/** Reads endpoints.json; undefined unless a system is ready or was killed without a chance to tidy up. */
export function readEndpoints(paths: StatePaths): Endpoints | undefined {
  const value = readJson(paths.endpoints)
  const isObject = typeof value === 'object' && value !== null
  return isObject && 'public' in value && 'pids' in value ? (value as Endpoints) : undefined
}
