import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxOfferLength, parseOfferedProtocols } from './subprotocol.ts'
import { maxTokenLength } from './token-bounds.ts'

const nothing = {
  offersOurs: false,
  offersFirstMessage: false,
  count: 0,
  bearerTokens: [],
  tickets: [],
}

describe('offered subprotocols', () => {
  it('R3.1 finds our protocol and the token beside it, in either order', () => {
    const expected = { ...nothing, offersOurs: true, count: 2, bearerTokens: ['a.b.c'] }
    expect(parseOfferedProtocols('sallyport.v1, bearer.a.b.c')).toEqual(expected)
    expect(parseOfferedProtocols('bearer.a.b.c,sallyport.v1')).toEqual(expected)
  })

  it('R3.1 offers nothing when the header is absent', () => {
    expect(parseOfferedProtocols(undefined)).toEqual(nothing)
  })

  it('TKT-1 FMA-1 finds a ticket and the wish to authenticate by the first message', () => {
    const expected = { ...nothing, offersOurs: true, count: 2, tickets: ['abc'] }
    expect(parseOfferedProtocols('sallyport.v1, ticket.abc')).toEqual(expected)
    expect(parseOfferedProtocols('sallyport.v1.first-message')).toEqual({
      ...nothing,
      offersFirstMessage: true,
      count: 1,
    })
  })

  it.each([
    ['an empty list', ''],
    ['blanks only', ' \t '],
    ['an empty entry', 'sallyport.v1,,x'],
    ['a repeated entry', 'sallyport.v1, sallyport.v1'],
    ['a token that stands twice', 'sallyport.v1, bearer.a,bearer.a'],
    ['a blank inside', 'sallyport.v1, bearer.a b'],
    ['a character RFC 7230 has not', 'sallyport.v1, bearer.a='],
    ['a blank HTTP does not know', 'sallyport.v1\u00a0'],
    ['a line break', 'sallyport.v1, bearer.a\r\nx: y'],
    ['too many entries', Array.from({ length: 17 }, (_, index) => `p${index}`).join(',')],
    ['commas without end', ','.repeat(maxOfferLength)],
    ['a token beyond its bound', `sallyport.v1, bearer.${'a'.repeat(maxTokenLength + 1)}`],
    ['9 kB', `sallyport.v1, bearer.${'a'.repeat(9000)}`],
    ['a list beyond its bound', `sallyport.v1${' '.repeat(maxOfferLength)}`],
  ])('W50 W72 refuses %s', (_name, header) => {
    expect(parseOfferedProtocols(header)).toBeUndefined()
  })

  it('SUB-2 reads the longest token that may travel', () => {
    const token = 'a'.repeat(maxTokenLength)
    const offered = parseOfferedProtocols(`sallyport.v1, bearer.${token}`)
    expect(offered?.bearerTokens).toEqual([token])
  })

  it('W50 reports every token and every ticket, so that two of them can be refused', () => {
    expect(parseOfferedProtocols('bearer.a, bearer.b')?.bearerTokens).toEqual(['a', 'b'])
    expect(parseOfferedProtocols('ticket.a, ticket.b')?.tickets).toEqual(['a', 'b'])
  })

  it('W50 takes no other spelling for our protocol', () => {
    for (const name of ['SALLYPORT.V1', 'sallyport.v1.', 'sallyport.v10', 'xsallyport.v1']) {
      expect(parseOfferedProtocols(name)).toMatchObject({ offersOurs: false, count: 1 })
    }
  })

  it('SUB-1 never throws, and reads nothing that was not offered as an entry of its own', () => {
    const entry = fc.oneof(
      fc.constantFrom('sallyport.v1', 'bearer.a', 'ticket.a', ' ', '\t', ''),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
        const header = entries.join(',')
        const offered = parseOfferedProtocols(header)
        if (!offered) return
        const trimmed = header.split(',').map((each) => each.replace(/^[ \t]*|[ \t]*$/g, ''))
        expect(offered.count).toBe(trimmed.length)
        expect(new Set(trimmed).size).toBe(trimmed.length)
        expect(offered.offersOurs).toBe(trimmed.includes('sallyport.v1'))
        for (const token of offered.bearerTokens) expect(trimmed).toContain(`bearer.${token}`)
        for (const ticket of offered.tickets) expect(trimmed).toContain(`ticket.${ticket}`)
      }),
    )
  })
})
