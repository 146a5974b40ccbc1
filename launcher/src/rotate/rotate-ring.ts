// A ring of keys of which one signs: the new key is everywhere before it signs, and the old one everywhere until
// nothing that it signed is good any more. Reads top to bottom. It can be broken off at any line: the files say how far
// it came, and the next run goes on from there.

import type { Output } from '../context.ts'
import type { FollowUp } from './follow-up.ts'
import {
  goesAtMs,
  pendingKey,
  type RingKey,
  withoutRetired,
  withPending,
  withPromoted,
} from './ring-stages.ts'

/** A rotation also drops the old keys that are due; `drop-all` drops them whatever they signed. */
export type RotationTask = 'rotate' | 'drop-due' | 'drop-all'

export type SigningRing<Key extends RingKey> = {
  readonly ring: 'token' | 'assertion'
  /** Throws when the file is missing or of another form. */
  readonly read: () => readonly Key[]
  /** Writes the ring and what is derived from it. */
  readonly write: (ring: readonly Key[]) => void
  readonly makeKey: () => Key
  /** For people; a key's id is no secret. */
  readonly idOf: (key: Key) => string
  /** Nothing that a key signed is good for longer than this. */
  readonly keepMs: number
  /** Who reads the keys but is not seen from here; the new one must not sign before they have it. */
  readonly unseen: readonly string[]
}

export type RotateDeps = {
  readonly followUp: FollowUp
  readonly output: Pick<Output, 'line' | 'error'>
  readonly now: () => number
  readonly task: RotationTask
}

/** Rotates, or only drops; false when it had to stop on the way, with the reason said. */
export async function rotateRing<Key extends RingKey>(
  signing: SigningRing<Key>,
  deps: RotateDeps,
): Promise<boolean> {
  const { ring, keepMs } = signing
  const { followUp, output, now, task } = deps
  // Whoever does not follow now would not follow what comes: nothing is changed before.
  if (!(await followUp.isInForce(ring, 'follows the keys'))) return stopped(deps)
  const before = signing.read()
  const kept = withoutRetired(before, now(), task === 'drop-all' ? 0 : keepMs)
  const gone = before.filter((key) => !kept.includes(key))
  if (task !== 'rotate') {
    if (gone.length === 0) output.line('nothing to drop now')
    else signing.write(kept)
    if (gone.length > 0 && !(await followUp.isInForce(ring, 'has dropped'))) return stopped(deps)
    sayDropped(signing, gone, deps)
    sayOld(signing, kept, deps)
    return true
  }

  const resumed = pendingKey(kept)
  const pending = resumed ?? signing.makeKey()
  signing.write(resumed ? kept : withPending(kept, pending))
  const id = signing.idOf(pending)
  if (!(await followUp.isInForce(ring, `verifies with ${id}`))) return stopped(deps)
  if (signing.unseen.length > 0 && !resumed) {
    output.line(`${signing.unseen.join(', ')} read keys of their own: when they have read the new`)
    output.line(`ones, run this again. Until then the old key signs.`)
    return true
  }
  const promoted = withPromoted(signing.read(), now())
  signing.write(promoted)
  if (!(await followUp.isInForce(ring, `signs with ${id}`))) return stopped(deps)
  sayDropped(signing, gone, deps)
  sayOld(signing, promoted, deps)
  return true
}

function sayDropped<Key extends RingKey>(
  { idOf }: SigningRing<Key>,
  gone: readonly Key[],
  { output }: RotateDeps,
): void {
  if (gone.length > 0) output.line(`dropped: ${gone.map(idOf).join(', ')}`)
}

function sayOld<Key extends RingKey>(
  { ring, idOf, keepMs }: SigningRing<Key>,
  keys: readonly Key[],
  { output }: RotateDeps,
): void {
  const [first] = keys
  if (first) output.line(`in force: ${idOf(first)} signs`)
  for (const key of keys) {
    const goesAt = goesAtMs(key, keepMs)
    if (Number.isNaN(goesAt)) continue
    const moment = new Date(goesAt).toISOString()
    output.line(
      `old: ${idOf(key)} verifies; make rotate KEY=${ring} DROP_OLD=1 drops it from ${moment} on`,
    )
  }
}

function stopped({ output }: RotateDeps): false {
  output.error('Stopped here; nobody was shut out. When that is mended, the same command goes on.')
  return false
}
