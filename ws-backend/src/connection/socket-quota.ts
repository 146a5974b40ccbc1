// How many sockets one session, one subject and one address may have at a time. Counts those that are checked or live: an
// ending one, and one that was refused for being too many, takes no place from a good one.

import { addressKey } from '@sallyport/contracts/address-key'
import type { Identity } from '@sallyport/contracts/identity'
import type { ConnectionLimits } from './connection-limits.ts'

type Holder = { readonly id: string; readonly identity: Identity }

export type QuotaVerdict = 'taken' | 'session-full' | 'subject-full' | 'address-full'

type QuotaLimits = Pick<
  ConnectionLimits,
  'maxSocketsPerSession' | 'maxSocketsPerSubject' | 'maxSocketsPerAddress' | 'socketLimitPolicy'
>

/** Keys are kept as they were when the place was taken: an identity changes. */
type Place<T> = { readonly holder: T; readonly order: number; sessionId: string }

type Groups<T> = Map<string, Set<Place<T>>>

/**
 * Counts holders by session, subject and address; holds nothing of those that gave back. Under the policy `replace`
 * the oldest of a session or a subject is told to give way, and has to give back at once. Of an address nobody has to:
 * strangers share it.
 */
export function createSocketQuota<T extends Holder>(
  limits: QuotaLimits,
  giveWay: (holder: T) => void,
) {
  const places = new Map<string, { readonly place: Place<T>; readonly leave: () => void }>()
  const bySession: Groups<T> = new Map()
  const bySubject: Groups<T> = new Map()
  const byAddress: Groups<T> = new Map()
  let order = 0

  /** True when there is room, or the oldest made it. */
  function makeRoom(groups: Groups<T>, key: string, limit: number): boolean {
    if (sizeOf(groups, key) < limit) return true
    if (limits.socketLimitPolicy === 'refuse') return false
    const oldest = oldestOf(groups.get(key) ?? [])
    if (oldest) giveWay(oldest.holder)
    return sizeOf(groups, key) < limit
  }

  function leave(place: Place<T>, subject: string, address: string): void {
    remove(bySession, place.sessionId, place)
    remove(bySubject, subject, place)
    remove(byAddress, address, place)
  }

  return {
    take(holder: T): QuotaVerdict {
      const { sessionId, clientAddress } = holder.identity
      const subject = personOf(holder.identity)
      const address = addressKey(clientAddress)
      // First, so that nobody gives way for one that is refused.
      if (sizeOf(byAddress, address) >= limits.maxSocketsPerAddress) return 'address-full'
      if (!makeRoom(bySession, sessionId, limits.maxSocketsPerSession)) return 'session-full'
      if (!makeRoom(bySubject, subject, limits.maxSocketsPerSubject)) return 'subject-full'
      order += 1
      const place = { holder, order, sessionId }
      add(bySession, sessionId, place)
      add(bySubject, subject, place)
      add(byAddress, address, place)
      places.set(holder.id, { place, leave: () => leave(place, subject, address) })
      return 'taken'
    },
    /** The holder goes on under another session of the same subject; false when that has no room. */
    move({ id }: Holder, sessionId: string): boolean {
      const place = places.get(id)?.place
      if (!place) return false
      if (place.sessionId === sessionId) return true
      if (!makeRoom(bySession, sessionId, limits.maxSocketsPerSession)) return false
      remove(bySession, place.sessionId, place)
      place.sessionId = sessionId
      add(bySession, sessionId, place)
      return true
    },
    /** Means nothing for a holder that took nothing, or has given back already. */
    giveBack({ id }: Holder): void {
      places.get(id)?.leave()
      places.delete(id)
    },
  }
}

/** Subjects are unique within their issuer only; an issuer, being a URL, holds no blank. */
function personOf({ issuer, subject }: Identity): string {
  return `${issuer} ${subject}`
}

function oldestOf<T>(places: Iterable<Place<T>>): Place<T> | undefined {
  let oldest: Place<T> | undefined
  for (const place of places) if (!oldest || place.order < oldest.order) oldest = place
  return oldest
}

function sizeOf<T>(groups: Groups<T>, key: string): number {
  return groups.get(key)?.size ?? 0
}

function add<T>(groups: Groups<T>, key: string, place: Place<T>): void {
  const group = groups.get(key)
  if (group) group.add(place)
  else groups.set(key, new Set([place]))
}

function remove<T>(groups: Groups<T>, key: string, place: Place<T>): void {
  const group = groups.get(key)
  group?.delete(place)
  if (group?.size === 0) groups.delete(key)
}
