// What each child is told, and what it is not.

import { describe, expect, it } from 'vitest'
import type { UserSettings } from './context.ts'
import { environmentsOf, ignoredSettings } from './environment.ts'
import type { ChosenPorts } from './ports.ts'
import { statePaths } from './state-folder.ts'
import { decideRun, mergeUserSettings } from './user-settings.ts'

const ports: ChosenPorts = {
  public: 8081,
  management: 8091,
  hasIpv6Loopback: true,
  internal: {
    verify: 1,
    auth: 2,
    internal: 3,
    sidecarManagement: 4,
    sockets: 5,
    backendManagement: 6,
    pages: 7,
    frontendManagement: 8,
  },
}

function inputWith(settings: UserSettings, changes: Partial<ChosenPorts> = {}) {
  const state = statePaths('/state')
  return { root: '/root', state, settings, ports: { ...ports, ...changes } }
}

describe('environmentsOf', () => {
  it('R3.5 makes the allowed origins from the ports that were chosen, as the sidecar and the routes get them', () => {
    const { 'auth-sidecar': sidecar } = environmentsOf(inputWith({}))
    const origins = 'http://localhost:8081,http://127.0.0.1:8081,http://[::1]:8081'
    expect(sidecar['SIDECAR_ALLOWED_ORIGINS']).toBe(origins)
  })

  it('R3.5 writes the default port like browsers do: not at all', () => {
    const { 'auth-sidecar': sidecar } = environmentsOf(inputWith({}, { public: 80 }))
    const origins = 'http://localhost,http://127.0.0.1,http://[::1]'
    expect(sidecar['SIDECAR_ALLOWED_ORIGINS']).toBe(origins)
    expect(sidecar['SIDECAR_ISSUER']).toBe('http://localhost/auth')
  })

  it('leaves ::1 out on a machine that has none', () => {
    const { 'auth-sidecar': sidecar, traefik } = environmentsOf(
      inputWith({}, { hasIpv6Loopback: false }),
    )
    expect(sidecar['SIDECAR_ALLOWED_ORIGINS']).not.toContain('::1')
    expect(traefik['SALLYPORT_ENTRY_POINTS']).toBe('web')
  })

  it('gives no child anything of the parent environment that it does not need', () => {
    const settings = { HOME: '/home/me', AWS_SECRET_ACCESS_KEY: 'marked', PATH: '/bin' }
    const given = Object.values(environmentsOf(inputWith(settings))).flatMap(Object.keys)
    for (const name of Object.keys(settings)) expect(given).not.toContain(name)
  })

  it('passes each child its own prefix and nobody else’s', () => {
    const settings = {
      SIDECAR_TOKEN_LIFE_SECONDS: '30',
      BACKEND_HEARTBEAT_MS: '1000',
      WS_RATE_LIMIT: '7',
      SALLYPORT_LOG_LEVEL: 'debug',
    }
    const given = environmentsOf(inputWith(settings))
    expect(given['auth-sidecar']).toMatchObject({
      SIDECAR_TOKEN_LIFE_SECONDS: '30',
      WS_RATE_LIMIT: '7',
      SALLYPORT_LOG_LEVEL: 'debug',
    })
    expect(given['ws-backend']).toMatchObject({ BACKEND_HEARTBEAT_MS: '1000' })
    expect(given['ws-backend']).not.toHaveProperty('SIDECAR_TOKEN_LIFE_SECONDS')
    expect(given['ws-backend']).not.toHaveProperty('WS_RATE_LIMIT')
    expect(given.traefik).not.toHaveProperty('SALLYPORT_LOG_LEVEL')
  })

  it('lets the user change a default but not the wiring, and names what it ignores', () => {
    const input = inputWith({ SIDECAR_VERIFY_PORT: '9', SIDECAR_ALLOW_MISSING_ORIGIN: 'false' })
    const sidecar = environmentsOf(input)['auth-sidecar']
    expect(sidecar['SIDECAR_VERIFY_PORT']).toBe('1')
    expect(sidecar['SIDECAR_ALLOW_MISSING_ORIGIN']).toBe('false')
    expect(ignoredSettings(input)).toEqual(['SIDECAR_VERIFY_PORT'])
  })

  it('keeps the master key from the backend', () => {
    const { 'ws-backend': backend } = environmentsOf(inputWith({}))
    expect(Object.values(backend)).not.toContain(statePaths('/state').assertionMaster)
  })
})

describe('user settings', () => {
  it('let the process environment beat .env and treat an empty value as unset', () => {
    const merged = mergeUserSettings({ A: 'shell', B: '', C: undefined }, 'A=file\nB=file\n')
    expect(merged).toEqual({ A: 'shell', B: 'file' })
  })

  it('name everything at once that this release cannot do', () => {
    const decided = decideRun({
      MODE: 'compose',
      STATE: 'redis',
      REPLICAS: '2',
      PUBLIC_PORT: 'x',
      SALLYPORT_MODE: 'production',
    })
    expect(decided.ok ? [] : decided.error).toHaveLength(5)
  })

  it('take port 0 as any free port', () => {
    const decided = decideRun({ PUBLIC_PORT: '0', STATE: 'memory', MODE: 'native' })
    expect(decided).toEqual({ ok: true, value: { public: 0, management: 8090 } })
  })
})
