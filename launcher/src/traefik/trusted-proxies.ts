// Who stands in front of Traefik and may say whom it speaks for. Pure: user settings → one value, which Traefik's
// static file, its dynamic files (SALLYPORT_PROXY_DEPTH) and the sidecar (SIDECAR_TRUSTED_PROXIES) are told alike.

import { coversEverybody, parseAddressRange } from '@sallyport/contracts/address-range'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { UserSettings } from '../context.ts'

export type TrustedProxies = {
  /** CIDR ranges or single addresses; none: the peer is the client. */
  readonly ranges: readonly string[]
  /** How they pass the client's address on. */
  readonly announcedBy: 'x-forwarded-for' | 'proxy-protocol'
  /** How many of them a request passes: what Traefik's limits count from the right of X-Forwarded-For. */
  readonly depth: number
}

/** Nobody stands in front. */
export const noProxies: TrustedProxies = { ranges: [], announcedBy: 'x-forwarded-for', depth: 0 }

const maxDepth = 10

/** Reads TRUSTED_PROXIES, TRUSTED_PROXY_DEPTH and PROXY_PROTOCOL; the error names every fault. */
export function readTrustedProxies(
  settings: UserSettings,
): Result<TrustedProxies, readonly string[]> {
  const { TRUSTED_PROXIES, TRUSTED_PROXY_DEPTH, PROXY_PROTOCOL } = settings
  const faults: string[] = []
  const ranges = (TRUSTED_PROXIES ?? '')
    .split(',')
    .map((range) => range.trim())
    .filter((range) => range !== '')
  for (const text of ranges) {
    const range = parseAddressRange(text)
    if (!range) faults.push(`TRUSTED_PROXIES: ${JSON.stringify(text)} is no range`)
    else if (coversEverybody(range)) faults.push(`TRUSTED_PROXIES: ${text} would trust everybody`)
  }
  const usesProxyProtocol = PROXY_PROTOCOL === 'on'
  if (PROXY_PROTOCOL !== undefined && !['on', 'off'].includes(PROXY_PROTOCOL)) {
    faults.push('PROXY_PROTOCOL: must be on or off')
  }
  const depth = TRUSTED_PROXY_DEPTH ?? '1'
  if (!/^[1-9]\d?$/.test(depth) || Number(depth) > maxDepth) {
    faults.push(`TRUSTED_PROXY_DEPTH: must be a whole number from 1 to ${maxDepth}`)
  }
  if (ranges.length === 0) {
    for (const name of ['TRUSTED_PROXY_DEPTH', 'PROXY_PROTOCOL'] as const) {
      if (settings[name] !== undefined && settings[name] !== 'off') {
        faults.push(`${name}: means nothing without TRUSTED_PROXIES`)
      }
    }
  }
  if (usesProxyProtocol && TRUSTED_PROXY_DEPTH !== undefined) {
    faults.push('TRUSTED_PROXY_DEPTH: means nothing with PROXY_PROTOCOL=on')
  }
  if (faults.length > 0) return err(faults)
  if (ranges.length === 0) return ok(noProxies)
  // With the PROXY protocol Traefik's peer *is* the client: nothing is read from headers, at any depth.
  return usesProxyProtocol
    ? ok({ ranges, announcedBy: 'proxy-protocol', depth: 0 })
    : ok({ ranges, announcedBy: 'x-forwarded-for', depth: Number(depth) })
}

/** The settings of Traefik and the sidecar that follow. */
export function proxyEnvironment({ ranges, announcedBy, depth }: TrustedProxies) {
  const areRead = ranges.length > 0 && announcedBy === 'x-forwarded-for'
  return {
    traefik: { SALLYPORT_PROXY_DEPTH: `${depth}` },
    // Empty counts as unset.
    sidecar: { SIDECAR_TRUSTED_PROXIES: areRead ? ranges.join(',') : '' },
  }
}
