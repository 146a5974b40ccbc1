import { describe, expect, it } from 'vitest'
import { parseCpuSeconds } from './cpu-time.ts'

const stat = (name: string) =>
  `4711 (${name}) S 1 2 3 0 -1 4194560 9 0 0 0 150 50 7 8 20 0 11 0 99 1 2 3`

describe('processor time', () => {
  it.each(['node', 'a b', 'odd) S 9 (name'])('adds user and system time of %j', (name) => {
    expect(parseCpuSeconds(stat(name))).toBe(2)
  })

  it('refuses a text without the fields', () => {
    expect(() => parseCpuSeconds('4711 (node) S 1')).toThrow('no times')
  })
})
