// Keeps the key set of one issuer up to date: fetched at the start and every few minutes, at once for a `kid` nobody
// knows (rotation needs no restart), never more often than the cooldown. Old keys are good for a bounded time while
// their owner cannot be reached.

import type { TrustedIssuer } from '@sallyport/contracts/policy'
import { type FetchFault, type FetchJsonOptions, fetchJson } from './fetch-key-set.ts'
import { type KeySet, type KeySetFault, parseKeySet, type RejectedKey } from './key-set.ts'
import { findIn, KeySetUnavailable, type KeySource } from './key-source.ts'

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

/** Starts with a request in the background. */
export function createRemoteKeySet(
  issuer: Pick<TrustedIssuer, 'issuer' | 'keySetUrl' | 'algorithms'>,
  deps: RemoteKeySetDeps,
): RemoteKeySet {
  const closing = new AbortController()
  let loaded: { readonly keySet: KeySet; readonly atMs: number } | undefined
  let underWay: Promise<void> | undefined
  let nextFetchAtMs = 0
  let timer: NodeJS.Timeout | undefined
  let lastOutcome: KeySetOutcome | undefined
  let fetches = 0
  let failures = 0

  function current(): KeySet | undefined {
    if (!loaded || closing.signal.aborted) return undefined
    return deps.now() - loaded.atMs < maxStaleMs ? loaded.keySet : undefined
  }

  async function load(): Promise<KeySetOutcome> {
    const document = await fetchJson(issuer.keySetUrl, { ...deps, signal: closing.signal })
    if (!document.ok) return document.error
    const parsed = await parseKeySet(document.value, issuer.algorithms)
    if (!parsed.ok) {
      // A secret that is public: whoever read it can sign, and the keys held so far may be its other half.
      if (parsed.error === 'private-key') loaded = undefined
      return parsed.error
    }
    const isSame = loaded?.keySet.fingerprint === parsed.value.fingerprint
    loaded = { keySet: isSame && loaded ? loaded.keySet : parsed.value, atMs: deps.now() }
    return isSame ? 'unchanged' : 'loaded'
  }

  async function fetchOnce(): Promise<void> {
    clearTimeout(timer)
    const startedAtMs = deps.now()
    nextFetchAtMs = startedAtMs + cooldownMs
    fetches++
    lastOutcome = await load()
    underWay = undefined
    if (closing.signal.aborted) return
    const isGood = lastOutcome === 'loaded' || lastOutcome === 'unchanged'
    if (!isGood) failures++
    if (!current()) nextFetchAtMs = startedAtMs + retryMs
    deps.onFetched?.(issuer.issuer, lastOutcome)
    const waitMs = isGood ? refreshAfterMs : nextFetchAtMs - deps.now()
    timer = setTimeout(start, Math.max(waitMs, 0)).unref()
  }

  function start(): void {
    underWay ??= fetchOnce()
  }

  /** One request for however many who wait for it; none within the cooldown. */
  async function refresh(): Promise<void> {
    if (!closing.signal.aborted && deps.now() >= nextFetchAtMs) start()
    await underWay
  }

  start()
  return {
    current,
    async find(keyId) {
      const keySet = current()
      const found = keySet && findIn(keySet, keyId)
      if (found) return found
      await refresh()
      const fresh = current()
      if (!fresh) throw new KeySetUnavailable(issuer.issuer)
      return findIn(fresh, keyId)
    },
    status: () => ({
      issuer: issuer.issuer,
      isUsable: current() !== undefined,
      keys: current()?.keys.size ?? 0,
      rejected: loaded?.keySet.rejected ?? [],
      ageMs: loaded && deps.now() - loaded.atMs,
      lastOutcome,
      fetches,
      failures,
    }),
    async close() {
      closing.abort()
      clearTimeout(timer)
      await underWay
    },
  }
}
