// What endpoints.json says of one pair and of two.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  addressesOf,
  instancesOf,
  publicOrigins,
  readEndpoints,
  readinessUrl,
  replicaOf,
} from './endpoints.ts'
import type { ChosenPorts, ReplicaPorts } from './ports.ts'
import { prepareStateFolder, statePaths, writePrivateJson } from './state-folder.ts'

const first: ReplicaPorts = {
  public: 8080,
  management: 8090,
  verify: 1,
  auth: 2,
  internal: 3,
  admin: 4,
  sidecarManagement: 5,
  sockets: 6,
  backendManagement: 7,
}
const second: ReplicaPorts = {
  public: 8081,
  management: 8091,
  verify: 11,
  auth: 12,
  internal: 13,
  admin: 14,
  sidecarManagement: 15,
  sockets: 16,
  backendManagement: 17,
}
const single: ChosenPorts = {
  replicas: [first],
  frontend: { pages: 8, management: 9 },
  hasIpv6Loopback: true,
}
const twoPairs: ChosenPorts = { ...single, replicas: [first, second], redis: 6379 }

describe('addressesOf', () => {
  it('gives a single run the fields that it always had, the admin listener, and itself as the only pair', () => {
    const { replicas, ...addresses } = addressesOf(single)
    expect(addresses).toEqual({
      public: 'http://localhost:8080',
      publicAlternates: ['http://127.0.0.1:8080', 'http://[::1]:8080'],
      management: 'http://127.0.0.1:8090',
      services: {
        'auth-sidecar': {
          verify: 'https://127.0.0.1:1',
          auth: 'https://127.0.0.1:2',
          internal: 'https://127.0.0.1:3',
          admin: 'https://127.0.0.1:4',
          management: 'http://127.0.0.1:5',
        },
        'ws-backend': { sockets: 'https://127.0.0.1:6', management: 'http://127.0.0.1:7' },
        frontend: { pages: 'https://127.0.0.1:8', management: 'http://127.0.0.1:9' },
      },
    })
    expect(replicas).toEqual([addresses])
  })

  it('RX.1 lists every pair, each with the front end of all, and where Redis is', () => {
    const addresses = addressesOf(twoPairs)
    expect(addresses.redis).toEqual({ port: 6379 })
    expect(addresses.replicas.map(({ public: url }) => url)).toEqual([
      'http://localhost:8080',
      'http://localhost:8081',
    ])
    expect(addresses.replicas[1]?.services).toEqual({
      'auth-sidecar': {
        verify: 'https://127.0.0.1:11',
        auth: 'https://127.0.0.1:12',
        internal: 'https://127.0.0.1:13',
        admin: 'https://127.0.0.1:14',
        management: 'http://127.0.0.1:15',
      },
      'ws-backend': { sockets: 'https://127.0.0.1:16', management: 'http://127.0.0.1:17' },
      frontend: { pages: 'https://127.0.0.1:8', management: 'http://127.0.0.1:9' },
    })
    expect(publicOrigins(addresses)).toHaveLength(6)
  })

  it('says where each process of a pair answers', () => {
    const addresses = addressesOf(twoPairs)
    const urls = instancesOf(addresses).flatMap((instance) => {
      const { name, service } = instance
      if (service === 'redis') return []
      return [[name, readinessUrl(replicaOf(addresses, instance), service)]]
    })
    expect(Object.fromEntries(urls)).toEqual({
      'auth-sidecar': 'http://127.0.0.1:5/readyz',
      'auth-sidecar-2': 'http://127.0.0.1:15/readyz',
      'ws-backend': 'http://127.0.0.1:7/readyz',
      'ws-backend-2': 'http://127.0.0.1:17/readyz',
      frontend: 'http://127.0.0.1:9/readyz',
      traefik: 'http://127.0.0.1:8090/ping',
      'traefik-2': 'http://127.0.0.1:8091/ping',
    })
  })
})

describe('readEndpoints', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-endpoints-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('takes what an older launcher wrote for a run of one pair', () => {
    const state = statePaths(folder)
    prepareStateFolder(state)
    expect(readEndpoints(state)).toBeUndefined()
    const { replicas: _pairs, ...older } = { ...addressesOf(single), pids: { launcher: 7 } }
    writePrivateJson(state.endpoints, older)
    const read = readEndpoints(state)
    expect(read?.replicas).toHaveLength(1)
    expect(read && instancesOf(read).map(({ name }) => name)).toEqual([
      'auth-sidecar',
      'ws-backend',
      'frontend',
      'traefik',
    ])
  })
})
