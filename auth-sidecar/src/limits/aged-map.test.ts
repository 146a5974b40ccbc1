import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createAgedMap } from './aged-map.ts'

it('R4.3 always names the entry inserted first of those held, like a plain Map does', () => {
  const step = fc.record({
    act: fc.constantFrom('set', 'set', 'delete', 'oldest'),
    key: fc.integer({ min: 0, max: 20 }).map(String),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const aged = createAgedMap<string>()
      const plain = new Map<string, string>()
      for (const { act, key } of steps) {
        if (act === 'set') {
          aged.set(key, `value ${key}`)
          plain.set(key, `value ${key}`)
        } else if (act === 'delete') {
          aged.delete(key)
          plain.delete(key)
        } else {
          expect(aged.oldest()).toEqual(plain.entries().next().value)
        }
        expect(aged.size()).toBe(plain.size)
        expect(aged.get(key)).toBe(plain.get(key))
      }
      expect(aged.oldest()).toEqual(plain.entries().next().value)
    }),
  )
})
