import { describe, expect, it } from 'vitest'
import { parseOfferedProtocols } from './subprotocol.ts'

describe('offered subprotocols', () => {
  it('R3.1 finds our protocol and the token beside it, in either order', () => {
    const expected = { offersOurs: true, count: 2, bearerTokens: ['a.b.c'] }
    expect(parseOfferedProtocols('sallyport.v1, bearer.a.b.c')).toEqual(expected)
    expect(parseOfferedProtocols('bearer.a.b.c,sallyport.v1')).toEqual(expected)
  })

  it('R3.1 offers nothing when the header is absent', () => {
    expect(parseOfferedProtocols(undefined)).toEqual({
      offersOurs: false,
      count: 0,
      bearerTokens: [],
    })
  })

  it.each([
    ['an empty list', ''],
    ['an empty entry', 'sallyport.v1,,x'],
    ['a repeated entry', 'sallyport.v1, sallyport.v1'],
    ['a blank inside', 'sallyport.v1, bearer.a b'],
    ['a character RFC 7230 has not', 'sallyport.v1, bearer.a='],
    ['a blank HTTP does not know', 'sallyport.v1\u00a0'],
    ['a line break', 'sallyport.v1, bearer.a\r\nx: y'],
    ['too many entries', Array.from({ length: 17 }, (_, index) => `p${index}`).join(',')],
  ])('W50 refuses %s', (_name, header) => {
    expect(parseOfferedProtocols(header)).toBeUndefined()
  })

  it('W50 reports every token, so that two of them can be refused', () => {
    expect(parseOfferedProtocols('bearer.a, bearer.b')?.bearerTokens).toEqual(['a', 'b'])
  })
})
