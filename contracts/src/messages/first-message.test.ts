// The one form of a first message, and that nothing else has it.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxTokenLength } from '../token-bounds.ts'
import { maxFirstMessageLength, parseFirstMessage } from './first-message.ts'

describe('the first message', () => {
  it.each([
    '{"type":"authenticate","data":{"token":"a.b.c"}}',
    ' {"id":"1", "data":{"token":"a.b.c"}, "type":"authenticate"}\n',
  ])('R1.3 FMA-2 is %s', (text) => {
    expect(parseFirstMessage(text)).toEqual({ ok: true, value: { token: 'a.b.c' } })
  })

  it.each([
    '',
    'null',
    '[]',
    '"authenticate"',
    '{"type":"authenticate"}',
    '{"type":"authenticate","data":null}',
    '{"type":"authenticate","data":[]}',
    '{"type":"authenticate","data":{}}',
    '{"type":"authenticate","data":{"token":null}}',
    '{"type":"authenticate","data":{"token":""}}',
    '{"type":"authenticate","data":{"token":["a"]}}',
    '{"type":"authenticate","data":{"token":{"a":"b"}}}',
    '{"type":"authenticate","data":{"token":"a","more":1}}',
    '{"type":"authenticate","data":{"token":"a"},"more":1}',
    '{"type":"authenticate","data":{"token":"a"},"id":1}',
    '{"type":"authenticate","data":{"__proto__":{"token":"a"}}}',
    '{"type":"Authenticate","data":{"token":"a"}}',
    '{"type":"publish","data":{"token":"a"}}',
    '{"type":"authenticate","data":{"token":"a"}}{}',
    '\u{feff}{"type":"authenticate","data":{"token":"a"}}',
    "{'type':'authenticate','data':{'token':'a'}}",
  ])('FMA-2 is not %j', (text) => {
    expect(parseFirstMessage(text)).toEqual({ ok: false, error: 'bad-message' })
  })

  const withToken = (length: number) =>
    JSON.stringify({ type: 'authenticate', data: { token: 't'.repeat(length) } })

  it('J25 holds the longest token and none that is longer; a longer text is not even parsed', () => {
    expect(parseFirstMessage(withToken(maxTokenLength)).ok).toBe(true)
    expect(parseFirstMessage(withToken(maxTokenLength + 1))).toMatchObject({ error: 'bad-message' })
    expect(parseFirstMessage(withToken(maxFirstMessageLength))).toMatchObject({ error: 'too-long' })
    expect(parseFirstMessage('['.repeat(8_000_000))).toMatchObject({ error: 'too-long' })
  })

  it.each([
    ['8,000 euro signs', '€'.repeat(8000)],
    ['one letter beyond ASCII', 'a.b.ç'],
    ['a blank', 'a b'],
    ['a line break', 'a.b.c\n'],
    ['half a character', 'a.b.\ud83d'],
  ])('J25 FMA-2 takes no token with %s: it is bounded in bytes on its way', (_name, token) => {
    const text = JSON.stringify({ type: 'authenticate', data: { token } })
    expect(parseFirstMessage(text)).toEqual({ ok: false, error: 'bad-message' })
  })

  it('FMA-2 RX.11 never throws, and yields a token for nothing but its form', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((data) => `{"type":"authenticate","data":${data}}`),
      fc.json().map((token) => `{"type":"authenticate","data":{"token":${token}}}`),
    )
    fc.assert(
      fc.property(text, (given) => {
        const message = parseFirstMessage(given)
        if (!message.ok) return
        const { type, data } = JSON.parse(given) as { type: string; data: object }
        expect([type, data]).toEqual(['authenticate', message.value])
      }),
    )
  })
})
