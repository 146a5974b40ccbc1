// The stages of a key in its ring: it comes second and only verifies, then it is first and signs, then it is old and
// verifies until what it signed has run out. Pure; the ring's file says by itself which stage each key is in.

/** `retiredAt` (ISO 8601): since when it does not sign any more. */
export type RingKey = { readonly retiredAt?: string }

/** The key that was added and has not signed yet; undefined when there is none. */
export function pendingKey<Key extends RingKey>(ring: readonly Key[]): Key | undefined {
  return ring.slice(1).find(({ retiredAt }) => retiredAt === undefined)
}

/** The ring with a key that only verifies: behind the one that signs. */
export function withPending<Key extends RingKey>(ring: readonly Key[], key: Key): readonly Key[] {
  return [...ring.slice(0, 1), key, ...ring.slice(1)]
}

/** The ring in which the pending key signs, and the one before it is old from now on. */
export function withPromoted<Key extends RingKey>(
  ring: readonly Key[],
  nowMs: number,
): readonly Key[] {
  const pending = pendingKey(ring)
  const [signing] = ring
  if (!pending || !signing) return ring
  const others = ring.slice(1).filter((key) => key !== pending)
  return [pending, { ...signing, retiredAt: new Date(nowMs).toISOString() }, ...others]
}

/** The ring without the keys that are old for longer than `keepMs`. The one that signs always stays. */
export function withoutRetired<Key extends RingKey>(
  ring: readonly Key[],
  nowMs: number,
  keepMs: number,
): readonly Key[] {
  return ring.filter((key, index) => index === 0 || !(goesAtMs(key, keepMs) <= nowMs))
}

/** When an old key may go; not a number for one that is not old. */
export function goesAtMs({ retiredAt }: RingKey, keepMs: number): number {
  return retiredAt === undefined ? Number.NaN : Date.parse(retiredAt) + keepMs
}
