// Traefik's container-shaped static file → the one of a native run. Pure. Only addresses, paths and whom to trust change;
// every other setting is the file's, so that both shapes run the same gate.

import { parse, stringify } from 'yaml'
import type { TrustedProxies } from './trusted-proxies.ts'

type StaticConfigInput = {
  readonly publicPort: number
  readonly managementPort: number
  readonly hasIpv6Loopback: boolean
  readonly dynamicDirectory: string
  readonly accessLog: string
  /** Left out: nobody stands in front, the peer is the client. */
  readonly proxies?: TrustedProxies | undefined
}

type Tree = Record<string, unknown>

/** Renders the static file; throws when the source has no entry point `web` or no file provider. */
export function renderStaticConfig(source: string, input: StaticConfigInput): string {
  const config = asTree(parse(source), 'the file')
  const entryPoints = asTree(config['entryPoints'], 'entryPoints')
  const web = asTree(entryPoints['web'], 'entryPoints.web')
  const { web6, ...others } = entryPoints
  const providers = asTree(config['providers'], 'providers')
  const file = asTree(providers['file'], 'providers.file')
  const { filename: _filename, ...fileSettings } = file
  const proxied = input.proxies ? trustIn(input.proxies) : {}
  const rendered: Tree = {
    ...config,
    entryPoints: {
      ...others,
      web: { ...web, ...proxied, address: `127.0.0.1:${input.publicPort}` },
      ...(input.hasIpv6Loopback && {
        web6: {
          ...(isTree(web6) ? web6 : web),
          ...proxied,
          address: `[::1]:${input.publicPort}`,
        },
      }),
      management: {
        ...(isTree(others['management']) && others['management']),
        address: `127.0.0.1:${input.managementPort}`,
      },
    },
    providers: { ...providers, file: { ...fileSettings, directory: input.dynamicDirectory } },
  }
  if (isTree(config['accessLog'])) {
    rendered['accessLog'] = { ...config['accessLog'], filePath: input.accessLog }
  }
  if (isTree(config['log'])) {
    // Its own log goes to standard output: the launcher keeps it like any service's.
    const { filePath: _filePath, ...log } = config['log']
    rendered['log'] = log
  }
  return stringify(rendered, { aliasDuplicateObjects: false })
}

/** Never `insecure: true`: that would believe everybody. The management entry point stands behind nobody. */
function trustIn({ ranges, announcedBy }: TrustedProxies): Tree {
  if (ranges.length === 0) return {}
  const trustedIPs = [...ranges]
  return announcedBy === 'proxy-protocol'
    ? { proxyProtocol: { trustedIPs } }
    : { forwardedHeaders: { trustedIPs } }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asTree(value: unknown, place: string): Tree {
  if (isTree(value)) return value
  throw new Error(`Traefik's static file: ${place} is missing or no mapping`)
}
