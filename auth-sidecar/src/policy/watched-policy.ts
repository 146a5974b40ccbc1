// The policy of a file, followed while the sidecar runs. A file that became faulty changes nothing but the log: what
// was in force stays, because neither "everybody" nor "nobody" is what its author meant.

import type { Policy } from '@sallyport/contracts/policy'
import { err, type Result } from '@sallyport/contracts/result'
import {
  formatMissingFile,
  formatPolicyFault,
  parseSallyportFile,
  type SallyportFileOptions,
} from '@sallyport/contracts/sallyport-file'
import { readIfThere, watchFile } from '@sallyport/contracts/sallyport-file/watch-file'
import { type ActivePolicy, activatePolicy } from './active-policy.ts'
import type { PolicySource } from './policy-source.ts'

type WatchedPolicyDeps = {
  readonly path: string
  readonly options: SallyportFileOptions
  /** Told when a change was taken over. */
  readonly onTaken: (active: ActivePolicy) => void
  /** Told every fault of a change that was not. */
  readonly onFaults: (faults: readonly string[]) => void
}

/** Reads the file and follows it; the error names every fault of the first reading. */
export function watchPolicy(deps: WatchedPolicyDeps): Result<PolicySource, readonly string[]> {
  const { path } = deps
  const firstText = readIfThere(path)
  const first = judge(firstText, deps)
  if (!first.ok) return first
  let active = activatePolicy(first.value, 1)
  const listeners: ((active: ActivePolicy) => void)[] = []
  const watch = watchFile(path, firstText, (text) => {
    const policy = judge(text, deps)
    if (!policy.ok) return deps.onFaults(policy.error)
    active = activatePolicy(policy.value, active.version + 1)
    deps.onTaken(active)
    for (const listener of listeners) listener(active)
  })
  return {
    ok: true,
    value: {
      current: () => active,
      onChange: (listener) => void listeners.push(listener),
      close: async () => watch.close(),
    },
  }
}

function judge(
  text: string | undefined,
  { path, options }: WatchedPolicyDeps,
): Result<Policy, readonly string[]> {
  if (text === undefined) return err([formatMissingFile(path)])
  const parsed = parseSallyportFile(text, options)
  return parsed.ok ? parsed : err(parsed.error.map((fault) => formatPolicyFault(path, fault)))
}
