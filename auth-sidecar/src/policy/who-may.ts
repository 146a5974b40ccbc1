// Who may: a route's demands against what an authority was granted. Pure; knows neither tokens nor sessions.

import type { ClaimValue } from '@sallyport/contracts/identity'
import type { Who } from '@sallyport/contracts/policy'

/** What an authority, or an identity made of one, holds. */
export type Holder = {
  readonly groups: readonly string[]
  readonly scopes: readonly string[]
  readonly claims: Readonly<Record<string, ClaimValue>>
}

/** The first demand that is not met, as a reason for logs and metrics. */
export type Unmet = 'policy-groups' | 'policy-scopes' | 'policy-claims'

/** True when one of the groups, all of the scopes and a value of every claim are held; an empty demand is met. */
export function whoMay(who: Who, holder: Holder): boolean {
  return unmetDemand(who, holder) === undefined
}

/** Which of the demands is not met; undefined when all are. */
export function unmetDemand(who: Who, holder: Holder): Unmet | undefined {
  if (who.groups.length > 0 && !who.groups.some((group) => holder.groups.includes(group))) {
    return 'policy-groups'
  }
  for (const scope of who.scopes) {
    if (!holder.scopes.includes(scope)) return 'policy-scopes'
  }
  for (const name in who.claims) {
    const wanted = who.claims[name]
    if (wanted && !holds(holder.claims, name, wanted)) return 'policy-claims'
  }
  return undefined
}

function holds(claims: Holder['claims'], name: string, wanted: readonly string[]): boolean {
  // Own members only: a claim called `constructor` is nobody's.
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  if (value === undefined) return false
  if (typeof value === 'object') return value.some((entry) => wanted.includes(entry))
  return wanted.includes(`${value}`)
}
