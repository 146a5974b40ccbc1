import { describe, expect, it } from 'vitest'
import { readPids, readReplicas } from './read-endpoints.ts'

const replica = (number: number) => ({
  public: `http://localhost:${8080 + number}`,
  publicAlternates: [],
  management: `http://127.0.0.1:${8090 + number}`,
  services: {
    'auth-sidecar': { management: `http://127.0.0.1:${9000 + number}` },
    'ws-backend': { management: `http://127.0.0.1:${9100 + number}` },
  },
})
const pids = {
  launcher: 1,
  'auth-sidecar-2': 3,
  'auth-sidecar': 2,
  'ws-backend': 4,
  'ws-backend-2': 5,
  'ws-backender': 6,
}

describe('what is read of a running system', () => {
  it('is every gate with the backend behind it', () => {
    expect(readReplicas({ replicas: [replica(0), replica(1)], pids })).toEqual([
      {
        port: 8080,
        origin: 'http://localhost:8080',
        management: 'http://127.0.0.1:8090',
        backend: 'http://127.0.0.1:9100',
      },
      {
        port: 8081,
        origin: 'http://localhost:8081',
        management: 'http://127.0.0.1:8091',
        backend: 'http://127.0.0.1:9101',
      },
    ])
  })

  it.each([
    ['nothing', {}],
    ['one replica', { replicas: [replica(0)] }],
    ['one that is told twice', { replicas: [replica(0), replica(0)] }],
    [
      'two with one backend',
      { replicas: [replica(0), { ...replica(1), services: replica(0).services }] },
    ],
  ])('is refused when there is %s', (_name, endpoints) => {
    expect(() => readReplicas(endpoints)).toThrow('two pairs and two backends')
  })

  it('is every process of a service, and none that is only called like it', () => {
    expect(readPids({ pids }, 'auth-sidecar')).toEqual([2, 3])
    expect(readPids({ pids }, 'ws-backend')).toEqual([4, 5])
    expect(() => readPids({ pids }, 'launcher')).toThrow('two of launcher')
  })
})
