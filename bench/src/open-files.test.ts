import { describe, expect, it } from 'vitest'
import { parseOpenFiles, socketsThatFit } from './open-files.ts'

const limits = (
  hard: string,
) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             62987                62987                processes
Max open files            1024                 ${hard.padEnd(20)} files
Max pending signals       62987                62987                signals
`

describe('how many sockets fit', () => {
  it.each([
    ['20000', 20_000],
    ['unlimited', Infinity],
  ])('the limit of open files is the hard one: %s', (hard, count) => {
    expect(parseOpenFiles(limits(hard))).toBe(count)
  })

  it('a text without the limit is refused', () => {
    expect(() => parseOpenFiles('Max processes 1 1')).toThrow('no limit')
  })

  it.each([
    [10_000, 20_000, 2, 10_000],
    [10_000, Infinity, 2, 10_000],
    [10_000, 4096, 2, 3096],
    [10_000, 4096, 1, 1548],
    [10_000, 500, 2, 0],
  ])('of %d with %d files through %d gates: %d', (wanted, files, gates, count) => {
    expect(socketsThatFit(wanted, files, gates)).toBe(count)
  })
})
