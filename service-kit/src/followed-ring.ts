// A value that is made from files and made anew when they change; a faulty change leaves the one before in force.
// Says what it has taken over, for whoever rotates. Knows no form of a file.

import { digestOfRing, type KeyRingName } from '@sallyport/contracts/key-rings'
import { followFiles } from './follow-file.ts'

/** Told what becomes of changes; `ring-report.ts` makes metrics and log lines of it. */
export type RingReport = {
  readonly taken: (ring: KeyRingName, digest: string) => void
  readonly refused: (ring: KeyRingName) => void
}

export type FollowedRingOptions<T> = {
  readonly ring: KeyRingName
  readonly paths: readonly string[]
  /** In force until the files were read, which happens at once. */
  readonly initial: T
  /** Makes the value of the files' texts, in the order of the paths; throws for faulty ones. */
  readonly parse: (texts: readonly string[], before: T) => T | Promise<T>
  readonly report: RingReport
  /** Told after each change. */
  readonly onTaken?: (value: T) => void
}

export type FollowedRing<T> = {
  /** The value in force; another content is another object. */
  readonly current: () => T
  readonly close: () => Promise<void>
}

/** Follows the files from now on, also what has changed since `initial` was made of them. */
export function followRing<T>(options: FollowedRingOptions<T>): FollowedRing<T> {
  const { ring, paths, parse, report, onTaken } = options
  let value = options.initial
  const follower = followFiles({
    paths,
    async onChange(texts) {
      value = await parse(texts, value)
      onTaken?.(value)
      report.taken(ring, digestOfRing(texts))
    },
    onRefused: () => report.refused(ring),
  })
  return { current: () => value, close: follower.close }
}
