// What the settings of trusted proxies become, in each place that has to know.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { renderStaticConfig } from './render-static-config.ts'
import { noProxies, proxyEnvironment, readTrustedProxies } from './trusted-proxies.ts'

const source = readFileSync(
  join(import.meta.dirname, '..', '..', '..', 'traefik-config', 'traefik.yml'),
  'utf8',
)

/** Entry points of the static file rendered for these settings. */
function entryPointsFor(settings: Readonly<Record<string, string>>) {
  const proxies = readTrustedProxies(settings)
  if (!proxies.ok) throw new Error(proxies.error.join())
  return parse(
    renderStaticConfig(source, {
      publicPort: 1,
      managementPort: 2,
      hasIpv6Loopback: true,
      dynamicDirectory: '/dynamic',
      accessLog: '/access.log',
      proxies: proxies.value,
    }),
  ).entryPoints
}

describe('trusted proxies', () => {
  it('R4.2 are nobody unless they are named', () => {
    expect(readTrustedProxies({})).toEqual({ ok: true, value: noProxies })
    expect(proxyEnvironment(noProxies)).toEqual({
      traefik: { SALLYPORT_PROXY_DEPTH: '0' },
      sidecar: { SIDECAR_TRUSTED_PROXIES: '' },
    })
    const { web, web6, management } = entryPointsFor({})
    for (const entryPoint of [web, web6, management]) {
      expect(entryPoint).not.toHaveProperty('forwardedHeaders')
      expect(entryPoint).not.toHaveProperty('proxyProtocol')
    }
  })

  it('R4.2 HDR-7 are told to Traefik and the sidecar alike, and to no management entry point', () => {
    const settings = { TRUSTED_PROXIES: '10.0.0.0/8, fd00::1' }
    const trustedIPs = ['10.0.0.0/8', 'fd00::1']
    const { web, web6, management } = entryPointsFor(settings)
    expect(web.forwardedHeaders).toEqual({ trustedIPs })
    expect(web6.forwardedHeaders).toEqual({ trustedIPs })
    expect(management).not.toHaveProperty('forwardedHeaders')
    const read = readTrustedProxies({ ...settings, TRUSTED_PROXY_DEPTH: '2' })
    expect(read.ok && proxyEnvironment(read.value)).toEqual({
      traefik: { SALLYPORT_PROXY_DEPTH: '2' },
      sidecar: { SIDECAR_TRUSTED_PROXIES: '10.0.0.0/8,fd00::1' },
    })
  })

  it('R4.2 speak the PROXY protocol when told so, and then no header is believed', () => {
    const settings = { TRUSTED_PROXIES: '10.0.0.1', PROXY_PROTOCOL: 'on' }
    const { web } = entryPointsFor(settings)
    expect(web.proxyProtocol).toEqual({ trustedIPs: ['10.0.0.1'] })
    expect(web).not.toHaveProperty('forwardedHeaders')
    const read = readTrustedProxies(settings)
    expect(read.ok && proxyEnvironment(read.value)).toEqual({
      traefik: { SALLYPORT_PROXY_DEPTH: '0' },
      sidecar: { SIDECAR_TRUSTED_PROXIES: '' },
    })
  })

  it('R4.2 are refused with every fault at once', () => {
    const read = readTrustedProxies({
      TRUSTED_PROXIES:
        '10.0.0.0/33,localhost,fe80::1%eth0,0.0.0.0/0,::/0,0.0.0.0/00,::ffff:0.0.0.0/96',
      TRUSTED_PROXY_DEPTH: '0',
      PROXY_PROTOCOL: 'yes',
    })
    expect(read.ok ? [] : read.error).toEqual([
      'TRUSTED_PROXIES: "10.0.0.0/33" is no range',
      'TRUSTED_PROXIES: "localhost" is no range',
      'TRUSTED_PROXIES: "fe80::1%eth0" is no range',
      'TRUSTED_PROXIES: 0.0.0.0/0 would trust everybody',
      'TRUSTED_PROXIES: ::/0 would trust everybody',
      'TRUSTED_PROXIES: "0.0.0.0/00" is no range',
      'TRUSTED_PROXIES: ::ffff:0.0.0.0/96 would trust everybody',
      'PROXY_PROTOCOL: must be on or off',
      'TRUSTED_PROXY_DEPTH: must be a whole number from 1 to 10',
    ])
  })

  it('R4.2 are missed where a setting about them stands alone', () => {
    const read = readTrustedProxies({ TRUSTED_PROXY_DEPTH: '2', PROXY_PROTOCOL: 'on' })
    expect(read.ok ? [] : read.error).toEqual([
      'TRUSTED_PROXY_DEPTH: means nothing without TRUSTED_PROXIES',
      'PROXY_PROTOCOL: means nothing without TRUSTED_PROXIES',
      'TRUSTED_PROXY_DEPTH: means nothing with PROXY_PROTOCOL=on',
    ])
  })
})
