import { describe, expect, it } from 'vitest'
import {
  describeRefreshTokenStore,
  refreshTokenAt,
  rotationOf,
} from './refresh-token-store.contract.ts'
import { createMemoryRefreshTokenStore } from './refresh-token-store.memory.ts'

function make(maxFamilies = 100) {
  let nowMs = 1_000_000
  const now = () => nowMs
  const store = createMemoryRefreshTokenStore({ maxFamilies, now })
  const advanceMs = (byMs: number) => {
    nowMs += byMs
  }
  const add = (family: string) => store.create(refreshTokenAt(nowMs, family))
  const rotate = async (family: string, secret: string, next = 'x') =>
    (await store.rotate(rotationOf(family, secret, next)))?.outcome
  return { store, now, advanceMs, add, rotate }
}

describe('refresh token store in memory', () => {
  describeRefreshTokenStore(async () => {
    const { store, now, advanceMs } = make()
    return { store, now, advanceMs: async (byMs) => advanceMs(byMs) }
  })

  it('RX.3 takes none beyond its bound: none gives way, rotated or not, and all still rotate', async () => {
    const { store, add, rotate } = make(3)
    for (const family of ['a', 'b', 'c']) await add(family)
    expect(await rotate('b', 'b', 'b2')).toBe('fresh')
    for (const family of ['d', 'e']) await expect(add(family)).rejects.toThrow()
    expect(store.size()).toBe(3)
    expect(await rotate('b', 'b')).toBe('reused')
    expect(await rotate('b', 'b2')).toBe('fresh')
    expect([await rotate('a', 'a'), await rotate('c', 'c')]).toEqual(['fresh', 'fresh'])
    expect(await rotate('d', 'd')).toBeUndefined()
  })

  it('RX.3 makes room as families expire, and a family that found none left nothing behind', async () => {
    const { store, add, advanceMs, rotate } = make(1)
    await add('a')
    await expect(add('b')).rejects.toThrow()
    advanceMs(60_000)
    expect(store.size()).toBe(0)
    await add('c')
    expect([await rotate('a', 'a'), await rotate('c', 'c')]).toEqual([undefined, 'fresh'])
  })

  it('RX.3 holds one record a family, however often it is rotated, and none that is over', async () => {
    const { store, add, advanceMs, rotate } = make(500)
    for (let count = 0; count < 100_000; count += 1) {
      if (count % 500 === 0) advanceMs(60_000)
      await add(`${count}`)
      await rotate(`${count}`, `${count}`, 'x')
      await rotate(`${count}`, 'x', 'y')
    }
    expect(store.size()).toBe(500)
    advanceMs(60_000)
    expect(store.size()).toBe(0)
  })
})
