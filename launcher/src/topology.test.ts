// What a run consists of.

import { describe, expect, it } from 'vitest'
import { instanceNames, instancesOfRun, startStages, stopStages } from './topology.ts'

const namesOf = (stages: ReturnType<typeof startStages>) =>
  stages.map((stage) => stage.map(({ name }) => name))

describe('a run of one of each', () => {
  it('R3.5 starts what decides before what asks, and Traefik last', () => {
    expect(namesOf(startStages({ replicas: 1, state: 'memory' }))).toEqual([
      ['auth-sidecar'],
      ['ws-backend'],
      ['frontend'],
      ['traefik'],
    ])
  })

  it('has no second of anything', () => {
    const instances = instancesOfRun({ replicas: 1, state: 'redis' })
    expect(instances.map(({ name }) => name)).toEqual([
      'redis',
      'auth-sidecar',
      'ws-backend',
      'frontend',
      'traefik',
    ])
    expect(instances.every(({ replica }) => replica === 0)).toBe(true)
  })
})

describe('a run of two pairs', () => {
  const topology = { replicas: 2, state: 'redis' } as const

  it('RX.1 has two of what decides, carries and accepts sockets, one store and one front end', () => {
    expect(namesOf(startStages(topology))).toEqual([
      ['redis'],
      ['auth-sidecar', 'auth-sidecar-2'],
      ['ws-backend', 'ws-backend-2'],
      ['frontend'],
      ['traefik', 'traefik-2'],
    ])
  })

  it('R3.5 drains both backends before any Traefik stops, and stops the store last', () => {
    const stages = stopStages(topology)
    expect(stages.slice(0, 2)).toEqual([
      ['ws-backend', 'ws-backend-2'],
      ['traefik', 'traefik-2'],
    ])
    expect(stages.at(-1)).toEqual(['redis'])
    expect(stages.flat().toSorted()).toEqual([...instanceNames].toSorted())
  })
})
