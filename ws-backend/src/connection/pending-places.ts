// Places for sockets nobody is behind, apart from everybody else's: a total and one for each client address. A place is
// taken before the 101 and given back when somebody is behind the socket, or it is gone.

import { addressKey } from '@sallyport/contracts/address-key'
import type { Denial } from '@sallyport/contracts/denials'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { ConnectionLimits } from './connection-limits.ts'

type PlaceLimits = Pick<
  ConnectionLimits,
  'maxPending' | 'maxPendingPerAddress' | 'authenticateDeadlineMs'
>

/** Counts places; holds nothing of those that were given back. */
export function createPendingPlaces(limits: PlaceLimits) {
  const byAddress = new Map<string, number>()
  // By then every place that is taken now has been given back, whatever its socket does.
  const retryAfterSeconds = Math.ceil(limits.authenticateDeadlineMs / 1000)
  let taken = 0

  function give(key: string): void {
    taken -= 1
    const count = (byAddress.get(key) ?? 0) - 1
    if (count > 0) byAddress.set(key, count)
    else byAddress.delete(key)
  }

  return {
    /** Takes a place, or says how the upgrade is refused. What it returns gives the place back; once is enough. */
    take: (clientAddress: string): Result<() => void, Denial> => {
      const key = addressKey(clientAddress)
      const count = byAddress.get(key) ?? 0
      if (count >= limits.maxPendingPerAddress) {
        return err({ code: 'rate-limited', reason: 'pending-address-full', retryAfterSeconds })
      }
      if (taken >= limits.maxPending) {
        return err({ code: 'unavailable', reason: 'pending-full', retryAfterSeconds })
      }
      taken += 1
      byAddress.set(key, count + 1)
      let isHeld = true
      return ok(() => {
        if (isHeld) give(key)
        isHeld = false
      })
    },
    taken: (): number => taken,
  }
}
