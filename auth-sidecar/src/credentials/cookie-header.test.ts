import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readCookie } from './cookie-header.ts'

it('COO-2 finds exactly what a plain reading by the letter finds, whatever the header is', () => {
  const piece = fc.oneof(
    fc.constantFrom('name', '=', ';', ' ', '\t', '; ', 'name=', '\u00a0', 'x', '"'),
    fc.string({ maxLength: 4 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const header = pieces.join('')
      const named = header.split(';').flatMap((pair) => {
        const [first = '', ...rest] = pair.split('=').map((part) => part)
        const trimmed = (text: string) => text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '')
        return trimmed(first) === 'name' ? [trimmed(rest.join('='))] : []
      })
      const expected =
        named.length > 1 ? { ok: false, error: 'cookie-twice' } : { ok: true, value: named[0] }
      expect(readCookie(header, 'name')).toEqual(expected)
    }),
  )
})

it('W72 takes linear time on blanks', () => {
  const startedAtMs = performance.now()
  for (const header of [`a${' '.repeat(1e6)}b`, `name=${' '.repeat(1e6)}x`, ';'.repeat(1e6)]) {
    expect(readCookie(header, 'name').ok).toBe(true)
  }
  // Quadratic would be minutes.
  expect(performance.now() - startedAtMs).toBeLessThan(2000)
})
