import { expect, it } from 'vitest'
import {
  goesAtMs,
  pendingKey,
  type RingKey,
  withoutRetired,
  withPending,
  withPromoted,
} from './ring-stages.ts'

type Key = RingKey & { readonly id: string }
const nowMs = Date.UTC(2030, 0, 1)
const at = (ms: number) => new Date(nowMs + ms).toISOString()
const key = (id: string, retiredAt?: string): Key => ({ id, ...(retiredAt && { retiredAt }) })

it('RX.14 a key goes through its stages: second, first, old, gone', () => {
  const first = [key('a')]
  expect(pendingKey(first)).toBeUndefined()
  const added = withPending(first, key('b'))
  expect(added).toEqual([key('a'), key('b')])
  expect(pendingKey(added)).toEqual(key('b'))
  const promoted = withPromoted(added, nowMs)
  expect(promoted).toEqual([key('b'), key('a', at(0))])
  expect(pendingKey(promoted)).toBeUndefined()
  expect(withoutRetired(promoted, nowMs + 999, 1000)).toEqual(promoted)
  expect(withoutRetired(promoted, nowMs + 1000, 1000)).toEqual([key('b')])
})

it('RX.14 a second rotation before the first one’s key has gone keeps both old ones', () => {
  const ring = withPromoted(withPending([key('b'), key('a', at(-500))], key('c')), nowMs)
  expect(ring).toEqual([key('c'), key('b', at(0)), key('a', at(-500))])
  expect(withoutRetired(ring, nowMs + 500, 1000)).toEqual([key('c'), key('b', at(0))])
})

it('RX.14 never drops the key that signs nor one that has not signed yet, whatever it says', () => {
  const ring = [key('a', at(-5000)), key('b'), key('c', 'no date')]
  expect(withoutRetired(ring, nowMs, 0)).toEqual(ring)
  expect(goesAtMs(key('b'), 0)).toBeNaN()
})

it('RX.14 promotes nothing where nothing is pending', () => {
  const ring = [key('a'), key('b', at(-5))]
  expect(withPromoted(ring, nowMs)).toBe(ring)
})
