import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { StatePaths } from '../state-folder.ts'
import { createFollowUp } from './follow-up.ts'
import { gatesOf, servicesOf } from './running-services.ts'
import {
  type FakeService,
  makeState,
  metricLines,
  recordOutput,
  serve,
} from './testing/rotation-fixture.ts'

let state: StatePaths
let remove: () => void
const services: FakeService[] = []

beforeEach(async () => {
  ;({ state, remove } = await makeState())
})

afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close()))
  remove()
})

async function start(...args: Parameters<typeof serve>): Promise<FakeService> {
  const service = await serve(...args)
  services.push(service)
  return service
}

it('RX.14 is content when each service says the digest of the files that it follows itself', async () => {
  const sidecar = await start('auth-sidecar', () =>
    metricLines(state, 'auth-sidecar', ['token', 'assertion', 'certificates']),
  )
  const backend = await start('ws-backend', () =>
    metricLines(state, 'ws-backend', ['assertion', 'certificates']),
  )
  const { output, lines } = recordOutput()
  const followUp = createFollowUp({ state, services: [sidecar, backend], output })
  expect(await followUp.isInForce('token', 'verifies')).toBe(true)
  expect(lines).toEqual([expect.stringMatching(/^ {2}verifies: auth-sidecar \(\d+ ms\)$/)])
  expect(await followUp.isInForce('assertion', 'verifies')).toBe(true)
  expect(await followUp.isInForce('certificates', 'shows')).toBe(true)
  expect(lines).toHaveLength(5)
})

it('RX.14 waits for a service that is slow, and names one that does not follow', async () => {
  let questions = 0
  const slow = await start('auth-sidecar', () => {
    questions += 1
    return questions < 3 ? '' : metricLines(state, 'auth-sidecar', ['assertion'])
  })
  const stuck = await start(
    'ws-backend',
    () => 'sallyport_key_ring_info{ring="assertion",digest="0123456789abcdef"} 1\n',
  )
  const gone = { kind: 'auth-sidecar', name: 'auth-sidecar-2', management: 'http://127.0.0.1:9' }
  const { output, lines, errors } = recordOutput()
  const followUp = createFollowUp({
    state,
    services: [slow, stuck, gone as FakeService],
    output,
    deadlineMs: 500,
  })
  expect(await followUp.isInForce('assertion', 'verifies')).toBe(false)
  expect(lines).toEqual([expect.stringContaining('auth-sidecar (')])
  expect(errors).toEqual([
    expect.stringMatching(/^ws-backend has not .* make logs SERVICE=ws-backend$/),
    expect.stringMatching(/^auth-sidecar-2 has not .* make logs SERVICE=auth-sidecar-2$/),
  ])
})

it('RX.14 has nobody to wait for where nothing runs', async () => {
  const { output, all } = recordOutput()
  const followUp = createFollowUp({ state, services: [], output })
  expect(await followUp.isInForce('token', 'verifies')).toBe(true)
  expect(all()).toBe('')
})

describe('the services of a system', () => {
  const part = (number: number) => ({
    public: `http://localhost:808${number}`,
    services: {
      'auth-sidecar': { management: `http://127.0.0.1:1${number}`, auth: 'https://127.0.0.1:4711' },
      'ws-backend': { management: `http://127.0.0.1:2${number}` },
      frontend: { management: 'http://127.0.0.1:30' },
    },
  })

  it('RX.14 are one of each, or those of every replica, each once, by the names of `make status`', () => {
    expect(servicesOf(part(0)).map(({ name }) => name)).toEqual([
      'auth-sidecar',
      'ws-backend',
      'frontend',
    ])
    const two = { ...part(0), replicas: [part(0), part(1)] }
    expect(servicesOf(two).map(({ name, management }) => [name, management])).toEqual([
      ['auth-sidecar', 'http://127.0.0.1:10'],
      ['auth-sidecar-2', 'http://127.0.0.1:11'],
      ['ws-backend', 'http://127.0.0.1:20'],
      ['ws-backend-2', 'http://127.0.0.1:21'],
      ['frontend', 'http://127.0.0.1:30'],
    ])
  })

  it('RX.14 have a gate for each pair', () => {
    const gates = gatesOf({ ...part(0), replicas: [part(0), part(1)] })
    expect(gates.map((gate) => [gate.public, gate.sidecar.name])).toEqual([
      ['http://localhost:8080', 'auth-sidecar'],
      ['http://localhost:8081', 'auth-sidecar-2'],
    ])
    expect(gatesOf(part(0))).toHaveLength(1)
  })
})
