// Keeps the key set of one issuer up to date: fetched at the start and every few minutes, at once for a `kid` nobody
// knows (rotation needs no restart), never more often than the cooldown. Old keys are good for a bounded time while
// their owner cannot be reached.

import type { TrustedIssuer } from '@sallyport/contracts/policy'
import { type FetchFault, type FetchJsonOptions, fetchJson } from './fetch-key-set.ts'
import { type KeySet, type KeySetFault, parseKeySet, type RejectedKey } from './key-set.ts'
import { findIn, KeySetUnavailable, type KeySource } from './key-source.ts'
import { createRefreshSchedule, type RefreshPlan } from './refresh-schedule.ts'

export type KeySetOutcome = 'loaded' | 'unchanged' | FetchFault | KeySetFault

/** For metrics, readiness and logs; the outcome is a constant of ours. */
export type KeySetStatus = {
  readonly issuer: string
  readonly isUsable: boolean
  readonly keys: number
  readonly rejected: readonly RejectedKey[]
  /** Since the last good answer; undefined before the first. */
  readonly ageMs: number | undefined
  readonly lastOutcome: KeySetOutcome | undefined
  readonly fetches: number
  readonly failures: number
}

export type RemoteKeySet = KeySource & {
  /** True for a key that was in the set once and is no more; false for one that was never seen. */
  readonly isGone: (keyId: string) => boolean
  readonly status: () => KeySetStatus
  /** Ends the request that may be under way; `current` is undefined from here. */
  readonly close: () => Promise<void>
}

export type RemoteKeySetDeps = Omit<FetchJsonOptions, 'signal'> & {
  readonly now: () => number
  /** Told after every request. */
  readonly onFetched?: (issuer: string, outcome: KeySetOutcome) => void
}

/** At least this long from one request to the next. */
export const cooldownMs = 30_000
/** The same while there is no usable set: then nobody of this issuer gets in. */
export const retryMs = 5_000
/** A key that its owner took out of the set verifies no longer than this. */
export const refreshAfterMs = 600_000
/** How long keys are used whose owner cannot be reached. */
export const maxStaleMs = 3_600_000

/** How many keys are remembered that their owner took away. */
const maxGoneKeys = 1000

type KeySetOwner = Pick<TrustedIssuer, 'issuer' | 'keySetUrl' | 'algorithms'>

/** Starts with a request in the background. */
export function createRemoteKeySet(issuer: KeySetOwner, deps: RemoteKeySetDeps): RemoteKeySet {
  const closing = new AbortController()
  const held = createHeldKeySet(deps.now)
  const counts = { fetches: 0, failures: 0 }
  let lastOutcome: KeySetOutcome | undefined

  const current = () => (closing.signal.aborted ? undefined : held.current())

  async function fetchOnce(): Promise<RefreshPlan> {
    counts.fetches++
    // Whatever a stranger's document makes us do wrong must not end the process, nor the fetching.
    const outcome = await load(issuer, held, { ...deps, signal: closing.signal }).catch(
      () => 'set-form' as const,
    )
    lastOutcome = outcome
    const isGood = outcome === 'loaded' || outcome === 'unchanged'
    if (!isGood && !closing.signal.aborted) counts.failures++
    if (!closing.signal.aborted) deps.onFetched?.(issuer.issuer, outcome)
    const notBeforeMs = current() ? cooldownMs : retryMs
    return { notBeforeMs, againAfterMs: isGood ? refreshAfterMs : undefined }
  }

  const schedule = createRefreshSchedule(fetchOnce, deps.now)
  return {
    current,
    isGone: held.isGone,
    find: (keyId) => findRefreshing(keyId, issuer.issuer, current, schedule.refresh),
    status: () => ({
      issuer: issuer.issuer,
      isUsable: current() !== undefined,
      keys: current()?.keys.size ?? 0,
      ...held.status(),
      lastOutcome,
      ...counts,
    }),
    close() {
      closing.abort()
      return schedule.close()
    },
  }
}

/** The set that was loaded last, for as long as it may be used. */
type HeldKeySet = {
  readonly current: () => KeySet | undefined
  /** True when the same keys were held before; then they stay the same object. */
  readonly replace: (keySet: KeySet) => boolean
  readonly drop: () => void
  readonly isGone: (keyId: string) => boolean
  readonly status: () => Pick<KeySetStatus, 'rejected' | 'ageMs'>
}

function createHeldKeySet(now: () => number): HeldKeySet {
  let loaded: { readonly keySet: KeySet; readonly atMs: number } | undefined
  const gone = new Set<string>()

  function forgetKeys(): void {
    for (const keyId of loaded?.keySet.keys.keys() ?? []) gone.add(keyId)
    // In the order in which they went: what the first ones signed has long expired.
    for (const keyId of gone) {
      if (gone.size <= maxGoneKeys) return
      gone.delete(keyId)
    }
  }

  return {
    current: () => (loaded && now() - loaded.atMs < maxStaleMs ? loaded.keySet : undefined),
    replace(keySet) {
      const before = loaded?.keySet
      const isSame = before?.fingerprint === keySet.fingerprint
      if (!isSame) forgetKeys()
      for (const keyId of keySet.keys.keys()) gone.delete(keyId)
      loaded = { keySet: isSame ? before : keySet, atMs: now() }
      return isSame
    },
    drop() {
      forgetKeys()
      loaded = undefined
    },
    isGone: (keyId) => gone.has(keyId),
    status: () => ({
      rejected: loaded?.keySet.rejected ?? [],
      ageMs: loaded && now() - loaded.atMs,
    }),
  }
}

async function load(
  { keySetUrl, algorithms }: KeySetOwner,
  held: HeldKeySet,
  options: FetchJsonOptions,
): Promise<KeySetOutcome> {
  const document = await fetchJson(keySetUrl, options)
  if (!document.ok) return document.error
  const parsed = await parseKeySet(document.value, algorithms)
  if (parsed.ok) return held.replace(parsed.value) ? 'unchanged' : 'loaded'
  // A secret that is public: whoever read it can sign, and the keys held so far may be its other half.
  if (parsed.error === 'private-key') held.drop()
  return parsed.error
}

/** Looks among the keys at hand first; asks their owner for one that is not there. */
async function findRefreshing(
  keyId: string,
  issuer: string,
  current: () => KeySet | undefined,
  refresh: () => Promise<void>,
) {
  const keySet = current()
  const found = keySet && findIn(keySet, keyId)
  if (found) return found
  await refresh()
  const fresh = current()
  if (!fresh) throw new KeySetUnavailable(issuer)
  return findIn(fresh, keyId)
}
