import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCompactToken } from './compact-token.ts'
import { part } from './testing/make-token.ts'

const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }
const good = `${part(header)}.${part({ iss: 'a', sub: 'b' })}.c2lnbmF0dXJl`
const faultOf = (compact: string) => {
  const parsed = parseCompactToken(compact)
  return parsed.ok ? undefined : parsed.error
}
const withHeader = (changed: string | object) => `${part(changed)}.${part({ iss: 'a' })}.AAAA`
const withPayload = (payload: string | Uint8Array) => `${part(header)}.${part(payload)}.AAAA`

describe('the form of a token', () => {
  it('AUT-12 takes a well-formed token apart', () => {
    const parsed = parseCompactToken(good)
    expect(parsed.ok && parsed.value.header).toEqual(header)
    expect(parsed.ok && parsed.value.payload).toEqual({ iss: 'a', sub: 'b' })
  })

  it.each([
    ['J22 five parts', `${good}.AAAA.AAAA`],
    [
      'J23 JSON serialization',
      JSON.stringify({ protected: part(header), payload: 'AA', signature: 'AA' }),
    ],
    ['J23 JSON that splits on dots', `{"a":".${good}."}`],
    ['J24 two parts', 'AAAA.AAAA'],
    ['J24 four parts', 'AAAA.AAAA.AAAA.AAAA'],
    ['J24 empty parts', '..'],
    ['J24 an empty signature', good.slice(0, good.lastIndexOf('.') + 1)],
    ['J24 a million dots', '.'.repeat(1_000_000)],
    ['J25 8 KiB and one', `${good}${'A'.repeat(8193 - good.length)}`],
    ['J25 8 MiB', `${good}${'A'.repeat(8_388_608)}`],
    ['J40 a leading blank', ` ${good}`],
    ['J41 a trailing line break', `${good}\n`],
    ['J41 an inner tab', good.replace('.', '.\t')],
    ['J42 padding', `${good}=`],
    ['J43 the other alphabet', good.replace('c2ln', 'c+/n')],
    ['J44 unused bits in the signature', `${good}AB`],
    ['J44 unused bits in the payload', `${part(header)}.e31.AAAA`],
    ['J44 a lone last character', `${good.slice(0, -1)}.A`],
    ['J46 full-width dots', good.replaceAll('.', '．')],
    ['J46 a NUL at the end', `${good}\0`],
    ['J46 a scheme inside', `Bearer ${good}`],
    ['an empty text', ''],
  ])('%s is refused as token-form', (_name, compact) => {
    expect(faultOf(compact)).toBe('token-form')
  })

  it.each([
    ['J27 an array', '[]'],
    ['J27 null', 'null'],
    ['J27 a string', '"a"'],
    ['J27 no JSON', '{iss:"a"}'],
    ['J27 a byte order mark', '\ufeff{"iss":"a"}'],
    ['J27 ill-formed UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['J27 an overlong UTF-8 sequence', Buffer.from('7b22c0af223a317d', 'hex')],
    ['J27 UTF-16', Buffer.from('{"iss":"a"}', 'utf16le')],
    ['J18 a claim twice', '{"sub":"a","sub":"b"}'],
    ['J18 a claim twice, spelt differently', '{"exp":1,"\\u0065xp":2}'],
    ['J26 deep JSON', `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`],
    [
      'J26 a thousand members',
      JSON.stringify(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [index, 0]))),
    ],
  ])('%s as payload is refused as token-form', (_name, payload) => {
    expect(faultOf(withPayload(payload))).toBe('token-form')
  })

  it.each([
    ['J01 an empty kid', { ...header, kid: '' }],
    ['J02 no alg', { kid: 'k1' }],
    ['J02 a list of algs', { ...header, alg: ['ES256'] }],
    ['J02 a number as alg', { ...header, alg: 7 }],
    ['J07 an embedded key', { ...header, jwk: {} }],
    ['J08 jku', { ...header, jku: 'https://evil.example/keys' }],
    ['J08 x5u', { ...header, x5u: 'http://127.0.0.1/' }],
    ['J09 x5c', { ...header, x5c: [] }],
    ['J09 x5t', { ...header, x5t: 'AAAA' }],
    ['J09 zip', { ...header, zip: 'DEF' }],
    ['J09 cty', { ...header, cty: 'JWT' }],
    ['J09 epk', { ...header, epk: {} }],
    ['J09 p2c', { ...header, p2c: 2_147_483_647 }],
    ['J10 kid null', { ...header, kid: null }],
    ['J10 kid 0', { ...header, kid: 0 }],
    ['J10 kid an object', { ...header, kid: {} }],
    ['J10 kid a list', { ...header, kid: ['k1'] }],
    ['J10 kid with NUL', { ...header, kid: 'k1\0' }],
    ['J10 kid with a blank', { ...header, kid: 'k1 ' }],
    ['J10 kid of a command', { ...header, kid: 'k1|sleep 10' }],
    ['J10 kid of a query', { ...header, kid: "x' UNION SELECT 'a" }],
    ['J10 a long kid', { ...header, kid: 'k'.repeat(129) }],
    ['J10 a kid of 4 kB', { ...header, kid: 'k'.repeat(4096) }],
    ['J11 no kid', { alg: 'ES256', typ: 'at+jwt' }],
    ['J16 crit of a name', { ...header, crit: ['foo'], foo: 1 }],
    ['J16 an empty crit', { ...header, crit: [] }],
    ['J16 crit a text', { ...header, crit: 'exp' }],
    ['J16 crit of alg', { ...header, crit: ['alg'] }],
    ['J17 b64 with crit', { ...header, b64: false, crit: ['b64'] }],
    ['J17 b64 without crit', { ...header, b64: false }],
    ['J37 typ a number', { ...header, typ: 7 }],
    ['J18 alg twice', '{"alg":"none","alg":"ES256","kid":"k1"}'],
    ['an array', []],
    ['PRO-1 __proto__', '{"alg":"ES256","kid":"k1","__proto__":{}}'],
  ])('%s in the header is refused as token-header', (_name, changed) => {
    expect(faultOf(withHeader(changed))).toBe('token-header')
  })

  it('AUT-12 never throws, and what it accepts has one spelling', () => {
    const base64url = fc.stringMatching(/^[AQgwez0._-]{0,60}$/)
    const near = fc
      .tuple(fc.nat(good.length - 1), fc.string({ unit: 'binary', maxLength: 3 }))
      .map(([at, text]) => good.slice(0, at) + text + good.slice(at + 1))
    fc.assert(
      fc.property(fc.oneof(base64url, near, fc.string({ unit: 'binary' })), (compact) => {
        const parsed = parseCompactToken(compact)
        if (!parsed.ok) return
        const parts = compact.split('.')
        const respelt = parts.map((each) => Buffer.from(each, 'base64url').toString('base64url'))
        expect(respelt).toEqual(parts)
        expect(parsed.value.header).toEqual(
          JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString()),
        )
        expect(parsed.value.payload).toEqual(
          JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString()),
        )
      }),
      { numRuns: 2_000 },
    )
  })
})
