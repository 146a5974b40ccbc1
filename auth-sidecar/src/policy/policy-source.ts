// Where the policy in force comes from. Whoever decides asks for it anew each time; whoever must act on a change
// listens. What stands behind it (a file, a fixed value) is not theirs to know.

import type { Policy } from '@sallyport/contracts/policy'
import { type ActivePolicy, activatePolicy } from './active-policy.ts'

export type { ActivePolicy } from './active-policy.ts'

export type PolicySource = {
  readonly current: () => ActivePolicy
  readonly onChange: (listener: (active: ActivePolicy) => void) => void
  readonly close: () => Promise<void>
}

/** A policy that never changes: for tests, and where no file is watched. */
export function createFixedPolicy(policy: Policy): PolicySource {
  const active = activatePolicy(policy, 1)
  return { current: () => active, onChange: () => {}, close: async () => {} }
}
