import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseStrictJson } from './strict-json.ts'

const bounds = { maxDepth: 8, maxMembers: 50 }
const parse = (text: string) => parseStrictJson(text, bounds)

/** JSON.parse, with undefined for what it refuses. */
function lenient(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Text made of the pieces JSON is made of: now and then it is JSON, mostly only nearly. */
const nearlyJson = fc
  .array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '"b"',
      '\\',
      '"\\u0061"',
      '"\\""',
      '1',
      'null',
      ' ',
    ),
    { maxLength: 24 },
  )
  .map((pieces) => pieces.join(''))

describe('strict JSON', () => {
  it('reads what JSON.parse reads, members called __proto__ included', () => {
    const text = '{"a":[1,{"b":"}\\"{,"},null],"c":{"a":true,"__proto__":{}},"":"\\\\"}'
    expect(parse(text)).toEqual(JSON.parse(text))
    expect(parse('[]')).toEqual([])
    expect(parse('"text"')).toBe('text')
  })

  it.each([
    ['the same name twice', '{"sub":"a","sub":"b"}'],
    ['the same name in two spellings', '{"sub":"a","\\u0073ub":"b"}'],
    ['the same name twice further in', '{"a":[{"b":{"c":1,"d":2,"c":3}}]}'],
    ['the same empty name', '{"":1,"":2}'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}'],
  ])('J18 refuses %s', (_name, text) => {
    expect(lenient(text)).toBeDefined()
    expect(parse(text)).toBeUndefined()
  })

  it('J18 lets siblings have members of one name', () => {
    expect(parse('[{"a":1},{"a":2},{"b":{"a":3},"a":4}]')).toBeDefined()
  })

  it('J26 refuses what is deeper than the bound, at once and however deep', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect(parse(nested(8))).toBeDefined()
    for (const depth of [9, 5_000, 200_000]) expect(parse(nested(depth))).toBeUndefined()
    expect(parse('{"a":'.repeat(9) + '1' + '}'.repeat(9))).toBeUndefined()
  })

  it('refuses more members than the bound, counted over all objects', () => {
    const objects = (count: number) => `[${Array.from({ length: count }, () => '{"a":1}').join()}]`
    expect(parse(objects(50))).toBeDefined()
    expect(parse(objects(51))).toBeUndefined()
  })

  it('AUT-12 never throws, and accepts nothing that JSON.parse reads otherwise', () => {
    fc.assert(
      fc.property(fc.oneof(nearlyJson, fc.string({ unit: 'binary' }), fc.json()), (text) => {
        const value = parse(text)
        if (value !== undefined) expect(value).toEqual(lenient(text))
      }),
      { numRuns: 600 },
    )
  })

  it('accepts everything within the bounds that JSON.stringify writes', () => {
    const values = fc.jsonValue({ maxDepth: 3 })
    fc.assert(
      fc.property(values, (value) => {
        const text = JSON.stringify(value)
        expect(parseStrictJson(text, { maxDepth: 20, maxMembers: 10_000 })).toEqual(
          JSON.parse(text),
        )
      }),
      { numRuns: 500 },
    )
  })

  it('takes time in proportion to the length', () => {
    const timeOf = (text: string) => {
      const startedAt = performance.now()
      expect(parse(text)).toBeUndefined()
      return performance.now() - startedAt
    }
    const hostile = ['"', '\\', '{"', '["a",', '"a":', '{"\\u0061":']
    for (const piece of hostile) expect(timeOf(piece.repeat(200_000))).toBeLessThan(1_000)
  })
})
