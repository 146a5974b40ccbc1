import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  claimsOf,
  makeKey,
  nowSeconds,
  part,
  signParts,
  type TestKey,
} from './testing/make-token.ts'
import { builtInIssuer, cookie, createVerifierFixture } from './testing/verifier-fixture.ts'

type Fixture = Awaited<ReturnType<typeof createVerifierFixture>>
let fixture: Fixture
let token: Fixture['token']
const stranger = makeKey('k1')

beforeAll(async () => {
  fixture = await createVerifierFixture()
  token = fixture.token
})

const faultOf = async (compact: string) => {
  const verified = await fixture.verify(compact)
  return verified.ok ? undefined : verified.error
}

describe('tokens of the built-in issuer', () => {
  it('R0.9 RX.13 are accepted, and the authority is read off them, without claims that a policy could ask about', async () => {
    const verified = await fixture.verify(
      token({ jti: 'j', groups: ['staff'], client_id: 'billing-service', plan: 'gold' }),
    )
    expect(verified).toEqual({
      ok: true,
      value: {
        issuer: builtInIssuer,
        subject: 'alice',
        username: 'Alice',
        sessionId: 'session-1',
        generation: { epoch: 'epoch', subject: 0, session: 0 },
        expiresAtMs: (nowSeconds + 300) * 1000,
        token: { id: 'j', keyId: 'k1', issuedAtMs: nowSeconds * 1000 },
        groups: ['staff'],
        scopes: [],
        // What its user typed at sign-in stands in it: no policy may ask about that.
        claims: {},
      },
    })
  })

  it('R4.5 may be of any subject: a wallet address, an address of mail', async () => {
    for (const sub of ['0x52908400098527886E0F7030069857D2E4169EE7', 'eip155:1:0xab', 'a@b.c']) {
      const verified = await fixture.verify(token({ sub }))
      expect(verified.ok && verified.value.subject).toBe(sub)
    }
  })

  it.each([
    ['J30 a negative expiry', { exp: -1 }, 'token-claims'],
    ['J30 an expiry of 0', { exp: 0 }, 'token-expired'],
    ['J30 expired', { exp: nowSeconds - 6 }, 'token-expired'],
    ['J30 expired this moment', { exp: nowSeconds }, 'token-expired'],
    ['J31 an expiry beyond the longest life', { exp: nowSeconds + 1000 }, 'token-claims'],
    ['J31 an expiry in milliseconds', { exp: (nowSeconds + 300) * 1000 }, 'token-claims'],
    ['J31 an expiry of 1e308', { exp: 1e308 }, 'token-claims'],
    ['J31 an expiry in a hundred years', { exp: nowSeconds + 3_155_760_000 }, 'token-claims'],
    ['J32 no expiry', { exp: undefined }, 'token-claims'],
    ['J28 an expiry that is text', { exp: `${nowSeconds + 300}` }, 'token-claims'],
    ['J28 an expiry that is null', { exp: null }, 'token-claims'],
    ['J28 an expiry that is true', { exp: true }, 'token-claims'],
    ['J28 an expiry that is a list', { exp: [nowSeconds + 300] }, 'token-claims'],
    ['J33 not valid yet', { nbf: nowSeconds + 60 }, 'token-early'],
    ['J33 not valid for a second more than tolerated', { nbf: nowSeconds + 6 }, 'token-early'],
    ['J33 a text as nbf', { nbf: `${nowSeconds}` }, 'token-claims'],
    ['J34 issued in an hour', { iat: nowSeconds + 3600, exp: nowSeconds + 3900 }, 'token-early'],
    ['J34 issued at a text', { iat: 'now' }, 'token-claims'],
    ['J34 issued at no time', { iat: undefined }, 'token-claims'],
    ['J34 issued longer ago than tokens live', { iat: nowSeconds - 600 }, 'token-claims'],
    ['J35 a superstring of the audience', { aud: 'sallyport.evil' }, 'token-audience'],
    ['J35 a substring of the audience', { aud: 'sally' }, 'token-audience'],
    ['J35 another case', { aud: 'Sallyport' }, 'token-audience'],
    ['J35 a list without it', { aud: ['a', 'b'] }, 'token-audience'],
    ['J35 a list in a list', { aud: [['sallyport']] }, 'token-audience'],
    ['J35 a list with something else beside it', { aud: ['sallyport', 7] }, 'token-audience'],
    ['J35 an object', { aud: { sallyport: true } }, 'token-audience'],
    ['J35 an empty audience', { aud: '' }, 'token-audience'],
    ['J35 an empty list', { aud: [] }, 'token-audience'],
    ['J35 several in one text', { aud: 'x,sallyport' }, 'token-audience'],
    ['J35 no audience', { aud: undefined }, 'token-audience'],
    ['J36 an issuer with a slash more', { iss: `${builtInIssuer}/` }, 'token-issuer'],
    ['J36 an issuer with a suffix', { iss: `${builtInIssuer}.evil.com` }, 'token-issuer'],
    ['J36 an issuer with user info', { iss: 'https://app.example.com@evil.com' }, 'token-issuer'],
    ['J36 an issuer in another case', { iss: builtInIssuer.toUpperCase() }, 'token-issuer'],
    ['J36 a list of the issuer', { iss: [builtInIssuer] }, 'token-issuer'],
    ['J36 a list with the issuer first', { iss: [builtInIssuer, 'x'] }, 'token-issuer'],
    ['J36 no issuer', { iss: undefined }, 'token-issuer'],
    ['J36 an issuer called __proto__', { iss: '__proto__' }, 'token-issuer'],
    ['J38 a numeric subject', { sub: 7 }, 'token-claims'],
    ['J38 an object as subject', { sub: {} }, 'token-claims'],
    ['J38 an empty subject', { sub: '' }, 'token-claims'],
    ['J38 no subject', { sub: undefined }, 'token-claims'],
    ['J38 a line break in the subject', { sub: 'a\r\nb' }, 'token-claims'],
    ['J38 a subject of 257 characters', { sub: 'a'.repeat(257) }, 'token-claims'],
    ['J38 a right-to-left override', { sub: 'a\u202eb' }, 'token-claims'],
    ['J38 NUL in the subject', { sub: 'a\0' }, 'token-claims'],
    ['J38 PRO-1 __proto__ as subject', { sub: '__proto__' }, 'token-claims'],
    ['J38 PRO-1 constructor as subject', { sub: 'constructor' }, 'token-claims'],
    ['HDR-6 a line break in a group', { groups: ['a\nb'] }, 'token-claims'],
    ['groups that are no texts', { groups: [{ admin: true }] }, 'token-claims'],
    ['an object as groups', { groups: { 0: 'admin' } }, 'token-claims'],
    ['a group of 129 characters', { groups: ['a'.repeat(129)] }, 'token-claims'],
    ['a hundred and one groups', { groups: Array.from({ length: 101 }, String) }, 'token-claims'],
    ['SES-1 no session', { sid: undefined }, 'token-claims'],
    ['SES-1 a session of other characters', { sid: 'a b' }, 'token-claims'],
    ['SES-1 no generation', { gen: undefined }, 'token-claims'],
    ['SES-1 an ill-formed generation', { gen: 'epoch.-1.x' }, 'token-claims'],
    ['SES-8 no id', { jti: undefined }, 'token-claims'],
    ['SES-8 an empty id', { jti: '' }, 'token-claims'],
    ['SES-8 an id of 257 characters', { jti: 'j'.repeat(257) }, 'token-claims'],
  ])('%s is refused', async (_name, changes, fault) => {
    expect(await faultOf(token(changes))).toBe(fault)
  })

  it.each([
    ['J29 an expiry with a fraction, rounded down', { exp: nowSeconds + 300.5 }],
    ['J33 not valid for as long as clocks may differ', { nbf: nowSeconds + 5 }],
    ['J33 not valid for 3 s', { nbf: nowSeconds + 3 }],
    ['J34 issued ahead, as far as clocks may differ', { iat: nowSeconds + 5 }],
    ['J35 a list with the audience', { aud: ['other', 'sallyport'] }],
  ])('%s is accepted', async (_name, changes) => {
    const verified = await fixture.verify(token(changes))
    expect(verified.ok && verified.value.expiresAtMs).toBe((nowSeconds + 300) * 1000)
  })

  it('J31 refuses 1e400, which JSON reads as infinity', async () => {
    const session = { sid: 's', gen: 'epoch.0.0' }
    const text = JSON.stringify(claimsOf(builtInIssuer, { ...session, exp: 0 }))
    const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }
    const infinite = signParts(header, text.replace('"exp":0', '"exp":1e400'), fixture.key)
    expect(await faultOf(infinite)).toBe('token-claims')
  })

  it.each([
    ['J37 an identity token', { typ: 'JWT' }],
    ['J37 no type', { typ: undefined }],
    ['J37 a logout token', { typ: 'logout+jwt' }],
    ['J37 a security event', { typ: 'secevent+jwt' }],
    ['J37 a proof of possession', { typ: 'dpop+jwt' }],
    ['J37 AUT-8 a cookie token', { typ: 'cookie+jwt' }],
    ['J37 two media types', { typ: 'application/application/at+jwt' }],
  ])('%s is refused as a bearer', async (_name, changes) => {
    expect(await faultOf(token({}, changes))).toBe('token-header')
  })

  it('J37 accepts the other legal spellings of the type', async () => {
    for (const typ of ['AT+JWT', 'application/at+jwt', 'Application/AT+jwt']) {
      expect(await faultOf(token({}, { typ }))).toBeUndefined()
    }
  })

  it('R4.5 AUT-8 accepts a cookie token as a cookie only, and a bearer as a bearer only', async () => {
    const cookieToken = token({}, { typ: 'cookie+jwt' })
    expect((await fixture.verify(cookieToken, cookie)).ok).toBe(true)
    expect(await fixture.verify(cookieToken)).toEqual({ ok: false, error: 'token-header' })
    expect(await fixture.verify(token(), cookie)).toEqual({ ok: false, error: 'token-header' })
  })

  it('AUT-7 demands the audience of the route in place of its own', async () => {
    const expected = { use: 'bearer', audience: 'orders' } as const
    expect(await fixture.verify(token(), expected)).toEqual({ ok: false, error: 'token-audience' })
    expect((await fixture.verify(token({ aud: ['sallyport', 'orders'] }), expected)).ok).toBe(true)
    expect(await faultOf(token({ aud: 'orders' }))).toBe('token-audience')
  })

  it.each([
    'k2',
    'K1',
    '../../../dev/null',
    '__proto__',
    'constructor',
    '/dev/null',
  ])('J10 the unknown kid %s is refused', async (kid) =>
    expect(await faultOf(token({}, { kid }))).toBe('token-key'))

  it.each([
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'es256',
    'ES384',
    'RS256',
    'HS256',
    'EdDSA',
  ])('J01 J02 the alg "%s" is refused, whatever the signature', async (alg) => {
    const header = { alg, typ: 'at+jwt', kid: 'k1' }
    expect(await faultOf(token({}, { alg }))).toBe('token-key')
    const unsigned = `${part(header)}.${part(claimsOf(builtInIssuer))}.`
    expect(await faultOf(unsigned)).toBe('token-form')
    expect(await faultOf(`${unsigned}AAAA`)).toBe('token-key')
  })
})

describe('signatures', () => {
  const sessionClaims = { sid: 'session-1', gen: 'epoch.0.0' }

  it('J03 J04 refuses none, a flipped bit, a short one, another key, a changed payload', async () => {
    const [head = '', body = '', signature = ''] = token().split('.')
    const bytes = Buffer.from(signature, 'base64url')
    const flipped = Buffer.from(bytes)
    flipped[10] = (flipped[10] ?? 0) ^ 1
    const changed = [
      `${head}.${body}.${flipped.toString('base64url')}`,
      `${head}.${body}.${bytes.subarray(0, 63).toString('base64url')}`,
      `${head}.${body}.${Buffer.concat([bytes, Buffer.alloc(1)]).toString('base64url')}`,
      `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
      `${head}.${part(claimsOf(builtInIssuer, { ...sessionClaims, sub: 'bob' }))}.${signature}`,
      token({}, {}, stranger),
    ]
    for (const each of changed) expect(await faultOf(each)).toBe('token-refused')
    expect(await faultOf(`${head}.${body}.`)).toBe('token-form')
  })

  it('J05 J06 refuses HMAC under the public key, an empty or a common secret', async () => {
    const header = { alg: 'HS256', typ: 'at+jwt', kid: 'k1' }
    const input = `${part(header)}.${part(claimsOf(builtInIssuer, sessionClaims))}`
    const { x = '', y = '' } = fixture.key.publicJwk
    const coordinates = Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
    for (const secret of [JSON.stringify(fixture.key.publicJwk), x, coordinates, '', 'secret']) {
      const signature = createHmac('sha256', secret).update(input).digest('base64url')
      expect(await faultOf(`${input}.${signature}`)).toBe('token-key')
    }
  })

  it('J19 refuses psychic signatures', async () => {
    const [head, body] = token().split('.')
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const number = (value: bigint) => value.toString(16).padStart(64, '0')
    const values = [0n, 1n, order - 1n, order]
    for (const r of values) {
      for (const s of values) {
        const signature = Buffer.from(number(r) + number(s), 'hex').toString('base64url')
        expect(await faultOf(`${head}.${body}.${signature}`)).toBe('token-refused')
      }
    }
  })

  it('J20 refuses a signature in DER', async () => {
    const [head, body, signature = ''] = token().split('.')
    const raw = Buffer.from(signature, 'base64url')
    const integer = (bytes: Buffer) => Buffer.from([2, 33, 0, ...bytes])
    const pair = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))])
    const der = Buffer.concat([Buffer.from([0x30, pair.length]), pair])
    expect(await faultOf(`${head}.${body}.${der.toString('base64url')}`)).toBe('token-refused')
  })

  it('J45 accepts the twin of an ECDSA signature as the same session, so that both are revoked together', async () => {
    const good = token()
    const [head, body, signature = ''] = good.split('.')
    const raw = Buffer.from(signature, 'base64url')
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const s = order - BigInt(`0x${raw.subarray(32).toString('hex')}`)
    const twin = Buffer.concat([
      raw.subarray(0, 32),
      Buffer.from(s.toString(16).padStart(64, '0'), 'hex'),
    ])
    const twinToken = `${head}.${body}.${twin.toString('base64url')}`
    expect(twinToken).not.toBe(good)
    expect(await fixture.verify(twinToken)).toEqual(await fixture.verify(good))
  })

  it('AUT-3 refuses everything else that is made from a good token, and never throws', async () => {
    const good = token()
    const near = fc
      .tuple(fc.nat(good.length - 1), fc.string({ minLength: 1, maxLength: 3 }))
      .map(([at, text]) => good.slice(0, at) + text + good.slice(at + text.length))
      .filter((text) => text !== good)
    await fc.assert(
      fc.asyncProperty(near, async (text) => {
        expect((await fixture.verify(text)).ok).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  it('J50 does the same work for a bad signature as for a good one', async () => {
    const medianMs = async (key: TestKey) => {
      const times: number[] = []
      for (let count = 0; count < 200; count++) {
        const compact = token({}, {}, key)
        const startedAt = performance.now()
        await fixture.verify(compact)
        times.push(performance.now() - startedAt)
      }
      return times.toSorted((a, b) => a - b)[100] ?? 0
    }
    await medianMs(stranger)
    const ratio = (await medianMs(stranger)) / (await medianMs(fixture.key))
    expect(ratio).toBeGreaterThan(0.2)
    expect(ratio).toBeLessThan(5)
  })
})
