// What each child is told, and what it is not.

import { describe, expect, it } from 'vitest'
import type { UserSettings } from './context.ts'
import { environmentsOf, ignoredSettings } from './environment.ts'
import type { ChosenPorts, ReplicaPorts } from './ports.ts'
import { statePaths } from './state-folder.ts'
import { decideRun, mergeUserSettings } from './user-settings.ts'

const first: ReplicaPorts = {
  public: 8081,
  management: 8091,
  verify: 1,
  auth: 2,
  internal: 3,
  admin: 4,
  sidecarManagement: 5,
  sockets: 6,
  backendManagement: 7,
}
const second: ReplicaPorts = {
  public: 8082,
  management: 8092,
  verify: 11,
  auth: 12,
  internal: 13,
  admin: 14,
  sidecarManagement: 15,
  sockets: 16,
  backendManagement: 17,
}

const ports: ChosenPorts = {
  replicas: [first],
  frontend: { pages: 8, management: 9 },
  hasIpv6Loopback: true,
}
const twoPairs: Partial<ChosenPorts> = { replicas: [first, second], redis: 6379 }

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
    const { 'auth-sidecar': sidecar } = environmentsOf(
      inputWith({}, { replicas: [{ ...first, public: 80 }] }),
    )
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

  it('keeps authority in a folder and uses no Redis, whatever is set, when the state is in memory', () => {
    const input = inputWith({ SIDECAR_REDIS_URL: 'redis://elsewhere:1/0' })
    const { 'auth-sidecar': sidecar } = environmentsOf(input)
    expect(sidecar).toMatchObject({
      SIDECAR_STATE_DIRECTORY: '/state/authority',
      SIDECAR_REDIS_URL: '',
      SIDECAR_REDIS_PASSWORD_FILE: '',
    })
    expect(ignoredSettings(input)).toEqual(['SIDECAR_REDIS_URL'])
  })

  it('SES-7 opens the operator’s API with tokens of its own and a record of what is done', () => {
    expect(environmentsOf(inputWith({}))['auth-sidecar']).toMatchObject({
      SIDECAR_ADMIN_PORT: '4',
      SIDECAR_ADMIN_TOKENS_FILE: '/state/keys/admin-tokens.json',
      SIDECAR_AUDIT_FILE: '/state/logs/audit.log',
    })
  })
})

describe('environmentsOf two pairs', () => {
  const given = environmentsOf(inputWith({ BACKEND_HEARTBEAT_MS: '1000' }, twoPairs))
  const sidecars = [given['auth-sidecar'], given['auth-sidecar-2']]
  const backends = [given['ws-backend'], given['ws-backend-2']]
  const traefiks = [given.traefik, given['traefik-2']]
  const valuesOf = (environments: readonly (object | undefined)[], name: string) =>
    environments.map((environment) => Reflect.get(environment ?? {}, name) as unknown)

  it('RX.1 names one issuer, one set of keys and the origins of both pairs to both sidecars', () => {
    expect(valuesOf(sidecars, 'SIDECAR_ISSUER')).toEqual(
      Array(2).fill('http://localhost:8081/auth'),
    )
    const origins =
      'http://localhost:8081,http://127.0.0.1:8081,http://[::1]:8081,' +
      'http://localhost:8082,http://127.0.0.1:8082,http://[::1]:8082'
    expect(valuesOf(sidecars, 'SIDECAR_ALLOWED_ORIGINS')).toEqual([origins, origins])
    for (const name of [
      'SIDECAR_TOKEN_KEYS_FILE',
      'SIDECAR_ASSERTION_KEYS_FILE',
      'SIDECAR_USERS_FILE',
      'SIDECAR_ADMIN_TOKENS_FILE',
      'SALLYPORT_POLICY_FILE',
    ]) {
      const [one, other] = valuesOf(sidecars, name)
      expect(one, name).toBeTypeOf('string')
      expect(other, name).toBe(one)
    }
  })

  it('gives each sidecar ports and a folder of its own, and the same Redis without a password in its address', () => {
    expect(valuesOf(sidecars, 'SIDECAR_VERIFY_PORT')).toEqual(['1', '11'])
    expect(valuesOf(sidecars, 'SIDECAR_STATE_DIRECTORY')).toEqual([
      '/state/authority',
      '/state/authority-2',
    ])
    expect(valuesOf(sidecars, 'SIDECAR_REDIS_URL')).toEqual(
      Array(2).fill('redis://auth-sidecar@127.0.0.1:6379/0'),
    )
    expect(valuesOf(sidecars, 'SIDECAR_REDIS_PASSWORD_FILE')).toEqual(
      Array(2).fill('/state/keys/redis-auth-sidecar'),
    )
  })

  it('RX.1 connects every backend to every sidecar, and tells each backend by its name', () => {
    const all = 'https://127.0.0.1:3,https://127.0.0.1:13'
    expect(valuesOf(backends, 'BACKEND_AUTHORITY_URL')).toEqual([all, all])
    expect(valuesOf(backends, 'BACKEND_NODE_NAME')).toEqual(['ws-backend', 'ws-backend-2'])
    expect(valuesOf(backends, 'BACKEND_HEARTBEAT_MS')).toEqual(['1000', '1000'])
  })

  it('RX.1 lets each Traefik ask its own sidecar only, and reach both backends', () => {
    for (const [name, port] of [
      ['SALLYPORT_VERIFY_URL', 1],
      ['SALLYPORT_AUTH_URL', 2],
      ['SALLYPORT_ADMIN_URL', 4],
    ] as const) {
      const own = [`https://127.0.0.1:${port}`, `https://127.0.0.1:${port + 10}`]
      expect(valuesOf(traefiks, name)).toEqual(own)
    }
    const both = 'https://127.0.0.1:6,https://127.0.0.1:16'
    expect(valuesOf(traefiks, 'SALLYPORT_BACKEND_URL')).toEqual([both, both])
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
      STATE: 'postgres',
      REPLICAS: '3',
      PUBLIC_PORT: 'x',
      SALLYPORT_MODE: 'production',
    })
    expect(decided.ok ? [] : decided.error).toHaveLength(5)
  })

  it('take port 0 as any free port', () => {
    const decided = decideRun({ PUBLIC_PORT: '0', STATE: 'memory', MODE: 'native' })
    expect(decided).toEqual({
      ok: true,
      value: {
        ports: { public: 0, management: 8090 },
        topology: { replicas: 1, state: 'memory' },
        notes: [],
      },
    })
  })

  it.each([
    '0',
    '3',
    '-1',
    '2.0',
    '01',
    'two',
  ])('refuse REPLICAS=%s and say what there is', (replicas) => {
    const decided = decideRun({ REPLICAS: replicas })
    expect(decided).toEqual({
      ok: false,
      error: [`REPLICAS=${replicas}: there is only REPLICAS=1 and REPLICAS=2`],
    })
  })

  it('choose Redis for two replicas, say so, and refuse memory for them', () => {
    const topology = { replicas: 2, state: 'redis' }
    const chosen = decideRun({ REPLICAS: '2' })
    expect(chosen).toMatchObject({
      value: { topology, notes: [expect.stringContaining('STATE=redis')] },
    })
    expect(decideRun({ REPLICAS: '2', STATE: 'redis' })).toMatchObject({
      value: { topology, notes: [] },
    })
    expect(decideRun({ STATE: 'redis' })).toMatchObject({
      value: { topology: { replicas: 1, state: 'redis' }, notes: [] },
    })
    const refused = decideRun({ REPLICAS: '2', STATE: 'memory' })
    expect(refused.ok ? [] : refused.error).toEqual([
      expect.stringMatching(/^REPLICAS=2 needs STATE=redis: /),
    ])
  })
})
