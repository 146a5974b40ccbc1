// endpoints.json of a system of several replicas → what the bench needs of it. Pure.

import type { Gate } from '../load/fleet/fleet-protocol.ts'

/** A gate, and the management origin of the backend behind it. */
export type Replica = Gate & { readonly backend: string }

type Endpoints = {
  readonly replicas?: readonly {
    readonly public: string
    readonly management: string
    readonly services: { readonly 'ws-backend': { readonly management: string } }
  }[]
  readonly pids?: Readonly<Record<string, number>>
}

/** Every replica; throws when there are fewer than two, or two that are one. */
export function readReplicas(endpoints: unknown): readonly Replica[] {
  const { replicas = [] } = endpoints as Endpoints
  const found = replicas.map(({ public: origin, management, services }) => ({
    port: Number(new URL(origin).port || 80),
    origin,
    management,
    backend: services['ws-backend'].management,
  }))
  const distinct = (value: (replica: Replica) => string) => new Set(found.map(value)).size
  const least = Math.min(
    distinct(({ origin }) => origin),
    distinct(({ backend }) => backend),
  )
  if (least < 2) throw new Error(`two pairs and two backends were asked for, there are ${least}`)
  return found
}

/** Ids of every process of a service, by replica: `ws-backend`, and those whose names add what tells them from it. */
export function readPids(endpoints: unknown, service: string): readonly number[] {
  const { pids = {} } = endpoints as Endpoints
  const found = Object.entries(pids)
    .filter(([name]) => name.startsWith(service) && !/^[a-z]/i.test(name.slice(service.length)))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, pid]) => pid)
  const distinct = [...new Set(found)]
  if (distinct.length < 2) throw new Error(`two of ${service} were asked for: ${found.length}`)
  return distinct
}
