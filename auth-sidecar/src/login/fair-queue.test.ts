import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFairQueue } from './fair-queue.ts'

const stranger = (key: string) => ({ key, isKnown: false })
const known = (key: string) => ({ key, isKnown: true })

function make(maxEntries = 100, maxPerKey = 100) {
  const queue = createFairQueue<string>({ maxEntries, maxPerKey })
  const drain = () => {
    const taken: string[] = []
    for (let entry = queue.take(); entry !== undefined; entry = queue.take()) taken.push(entry)
    return taken
  }
  return { queue, drain }
}

describe('fair queue', () => {
  it('LIM-1 serves keys by turns, each in its own order', () => {
    const { queue, drain } = make()
    for (const entry of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) {
      queue.add(stranger(entry[0] ?? ''), entry)
    }
    expect(drain()).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
  })

  it('LIM-1 serves known devices before everybody else', () => {
    const { queue, drain } = make()
    queue.add(stranger('a'), 'a1')
    queue.add(known('k'), 'k1')
    queue.add(known('l'), 'l1')
    expect(drain()).toEqual(['k1', 'l1', 'a1'])
  })

  it('LIM-1 takes no more of one key than it may, and of strangers no room of known devices', () => {
    const { queue } = make(3, 2)
    const added = ['a', 'a', 'a', 'b', 'c'].map((key) => queue.add(stranger(key), key))
    expect(added).toEqual([true, true, false, true, false])
    expect(queue.add(known('k'), 'k')).toBe(true)
    expect(queue.size()).toBe(4)
  })

  it('LIM-1 lets one give up without a gap', () => {
    const { queue, drain } = make()
    for (const entry of ['a1', 'a2', 'b1']) queue.add(stranger(entry[0] ?? ''), entry)
    queue.remove(stranger('a'), 'a1')
    queue.remove(stranger('b'), 'b1')
    queue.remove(stranger('c'), 'c1')
    expect(queue.size()).toBe(1)
    expect(drain()).toEqual(['a2'])
  })

  it('LIM-1 hands out each entry once, and keeps nobody waiting for two turns of another', () => {
    const entries = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 })
    fc.assert(
      fc.property(entries, (keys) => {
        const { queue, drain } = make()
        keys.forEach((key, index) => {
          queue.add(stranger(key), `${key}${index}`)
        })
        const served = drain()
        expect(served.toSorted()).toEqual(keys.map((key, index) => `${key}${index}`).toSorted())
        for (const [index, entry] of served.entries()) {
          const next = served[index + 1]
          const isTwice = next !== undefined && next[0] === entry[0]
          const others = served.slice(index + 1).filter((later) => later[0] !== entry[0])
          if (isTwice) expect(others).toEqual([])
        }
      }),
    )
  })
})
