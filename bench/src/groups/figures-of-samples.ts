// Samples → rows of the table. Pure.

import type { RevokeOneResult } from '../load/fleet/fleet-protocol.ts'
import { percentile } from '../measure.ts'
import { type Figure, type Measurement, measured } from '../report.ts'

/** The row of one percentile (0–1; 1 is the longest), with the shortest and the longest of all samples beside it. */
export function percentileOf(
  figure: Figure,
  samples: readonly number[],
  share: number,
  note?: string,
): Measurement {
  const [low, high] = [Math.min(...samples), Math.max(...samples)]
  return withNote(measured(figure, { median: percentile(samples, share), low, high }), note)
}

/** How long after a revocation was sent something of the socket still arrived: to it, or from it to others. */
export function lastMessageMs({ lastDeliveredMs, lastHeardMs }: RevokeOneResult): number {
  return Math.max(lastDeliveredMs, lastHeardMs)
}

/** From the answer until the close was seen; negative where the close came first. */
export function feedLagMs({ answeredMs, closedMs }: RevokeOneResult): number {
  return closedMs - answeredMs
}

export type RecheckSample = {
  /** Share of one core with the sockets and without any. */
  readonly busy: number
  readonly calm: number
  readonly sockets: number
  /** How often everybody was asked about while it was taken. */
  readonly intervalSeconds: number
}

/** What of a core the question costs as often, and about as many, as the goal says. Never below 0. */
export function recheckShare(
  { busy, calm, sockets, intervalSeconds }: RecheckSample,
  wanted: { readonly sockets: number; readonly intervalSeconds: number },
): number {
  const ofOften = intervalSeconds / wanted.intervalSeconds
  const ofMany = wanted.sockets / sockets
  return Math.max(0, busy - calm) * ofOften * ofMany
}

/** A row that has something to say about how it was taken. */
export function withNote(measurement: Measurement, note: string | undefined): Measurement {
  return note === undefined ? measurement : { ...measurement, note }
}
