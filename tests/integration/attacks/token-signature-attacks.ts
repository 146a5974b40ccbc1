// Rows J01–J11, J16–J21, J37, J45: algorithms, signatures and the header. Data only.

import {
  base64url,
  curveOrder,
  ecdsa,
  hmac,
  malleate,
  scalar,
  type Workshop,
} from '../../support/token-workshop.ts'
import {
  accepted,
  alike,
  edit,
  header,
  headerText,
  parts,
  refused,
  show,
  type TokenAttack,
} from './token-attack.ts'

/** Algorithms and signatures. */
export const signatureAttacks: readonly TokenAttack[] = [
  ...['none', 'None', 'NONE', 'nOnE', ''].flatMap((alg) =>
    [new Uint8Array(), Buffer.from('garbage')].map((signature) =>
      refused('J01', `alg ${show(alg)} with ${signature.length} bytes of signature`, (w) =>
        w.withSignature({ header: { alg } }, () => signature),
      ),
    ),
  ),
  ...[undefined, ['ES256'], 256, 'es256', 'ES384', 'ES256K', 'RS256', 'EdDSA', null].map((alg) =>
    refused('J02', `alg ${show(alg)}, properly signed`, header({ alg })),
  ),
  refused('J03', 'no signature', (w) => w.withSignature({}, () => new Uint8Array())),
  refused('J04', 'a flipped bit in the signature', (w) =>
    w.withSignature({}, (text) => {
      const bytes = Buffer.from(parts(w.signed()).at(2) ?? text, 'base64url')
      bytes[5] = (bytes[5] ?? 0) ^ 1
      return bytes
    }),
  ),
  refused(
    'J04',
    'a signature cut by a byte',
    edit((token) => {
      const [head, payload, signature] = parts(token)
      return `${head}.${payload}.${base64url(Buffer.from(signature, 'base64url').subarray(0, 63))}`
    }),
  ),
  refused('J04', 'the signature of another token', ({ signed }) => {
    const [head, payload] = parts(signed())
    return `${head}.${payload}.${parts(signed())[2]}`
  }),
  refused('J04', 'another payload under a good signature', ({ signed, claims }) => {
    const [head, , signature] = parts(signed())
    return `${head}.${base64url(JSON.stringify({ ...claims, sub: 'bob' }))}.${signature}`
  }),
  refused('J04', 'a stranger’s signature', ({ forged }) => forged()),
  ...(
    [
      ['SPKI PEM', (w) => w.publicPem],
      ['PEM without the last line break', (w) => w.publicPem.trimEnd()],
      ['DER', (w) => Buffer.from(w.publicPem.replace(/-----[A-Z ]+-----|\n/g, ''), 'base64')],
      ['JWK as JSON', (w) => JSON.stringify(w.publicJwk)],
      ['x as text', (w) => w.publicJwk.x ?? ''],
      ['x as bytes', (w) => Buffer.from(w.publicJwk.x ?? '', 'base64url')],
      ['y as bytes', (w) => Buffer.from(w.publicJwk.y ?? '', 'base64url')],
    ] satisfies [string, (w: Workshop) => string | Buffer][]
  ).map(([name, key]) =>
    refused('J05', `HS256 with our public key as ${name}`, (w) =>
      w.withSignature({ header: { alg: 'HS256' } }, (text) => hmac(text, key(w))),
    ),
  ),
  ...['', ' ', 'secret', 'password', 'changeme', 'your-256-bit-secret', 'sallyport'].map((key) =>
    refused('J06', `HS256 with the secret ${show(key)}`, (w) =>
      w.withSignature({ header: { alg: 'HS256' } }, (text) => hmac(text, key)),
    ),
  ),
  refused('J19', 'r = s = 0', (w) => w.withSignature({}, () => Buffer.alloc(64))),
  ...[
    [0n, 1n],
    [1n, 0n],
    [curveOrder, curveOrder],
    [curveOrder, 1n],
    [1n, curveOrder],
    [curveOrder - 1n, curveOrder - 1n],
    [1n, 1n],
  ].map(([r = 0n, s = 0n]) =>
    refused('J19', `r = ${r % 1000n}…, s = ${s % 1000n}…`, (w) =>
      w.withSignature({}, () => Buffer.concat([scalar(r), scalar(s)])),
    ),
  ),
  refused('J20', 'a signature in DER', (w) =>
    w.withSignature({}, (text) => ecdsa(text, w.strangerJwk, 'der')),
  ),
  refused(
    'J20',
    'zeros behind the signature',
    edit((token) => {
      const [head, payload, signature] = parts(token)
      const longer = Buffer.concat([Buffer.from(signature, 'base64url'), Buffer.alloc(2)])
      return `${head}.${payload}.${base64url(longer)}`
    }),
  ),
  refused('J21', 'RS256 with a PKCS#1 signature of nothing', (w) =>
    w.withSignature({ header: { alg: 'RS256' } }, () => Buffer.alloc(256, 0xff)),
  ),
  refused('J21', 'PS256 with noise', (w) =>
    w.withSignature({ header: { alg: 'PS256' } }, () => Buffer.alloc(256, 7)),
  ),
  accepted('J45', 'the other spelling of its signature, s → n − s', edit(malleate)),
]

const urls = (base: string) => [base, 'http://169.254.169.254/jwks', 'https://idp@evil.example/k']

/** Members of the header. */
export const headerAttacks: readonly TokenAttack[] = [
  refused('J07', 'the stranger’s key embedded as jwk', (w) => {
    const { kty, crv, x, y } = w.strangerJwk
    return w.forged({ header: { jwk: { kty, crv, x, y } } })
  }),
  refused('J07', 'the stranger’s key embedded as jwk, no kid', (w) => {
    const { kty, crv, x, y } = w.strangerJwk
    return w.forged({ header: { jwk: { kty, crv, x, y }, kid: undefined } })
  }),
  ...['jku', 'x5u'].flatMap((name) =>
    [0, 1, 2].flatMap((index) => [
      refused('J08', `${name} of a stranger’s token (${index})`, (w, base) =>
        w.forged({ header: { [name]: urls(base)[index] } }),
      ),
      refused('J08', `${name} of a token of ours (${index})`, (w, base) =>
        w.signed({ header: { [name]: urls(base)[index] } }),
      ),
    ]),
  ),
  ...Object.entries({
    x5c: ['MIIB'],
    x5t: 'AAAA',
    'x5t#S256': 'AAAA',
    zip: 'DEF',
    cty: 'JWT',
    epk: {},
    p2c: 1,
    enc: 'A128GCM',
    unknown: 1,
  }).map(([name, value]) => refused('J09', `${name} in the header`, header({ [name]: value }))),
  ...[
    '../../../../dev/null',
    '/dev/null',
    "x' UNION SELECT 'a",
    '|sleep 10',
    null,
    0,
    {},
    ['k1'],
    '',
    '__proto__',
    'constructor',
    'toString',
    'unknown',
    'a'.repeat(4000),
  ].map((kid) => refused('J10', `kid ${show(kid)}`, header({ kid }))),
  ...['\0', ' ', '\n', '.', '%00'].map((more) =>
    refused('J10', `our kid followed by ${show(more)}`, (w) =>
      w.signed({ header: { kid: `${String(w.header['kid'])}${more}` } }),
    ),
  ),
  refused('J10', 'our kid in upper case', (w) =>
    w.signed({ header: { kid: String(w.header['kid']).toUpperCase().padEnd(12, 'X') } }),
  ),
  refused('J11', 'no kid', header({ kid: undefined })),
  ...[['foo'], [], 'exp', ['alg'], ['b64'], null].map((crit) =>
    refused('J16', `crit ${show(crit)}`, header({ crit, foo: 1 })),
  ),
  refused('J17', 'b64 false with crit', header({ b64: false, crit: ['b64'] })),
  refused('J17', 'b64 false without crit', header({ b64: false })),
  refused('J17', 'b64 true', header({ b64: true })),
  ...['alg":"none', 'alg":"ES256', 'kid":"other', 'typ":"JWT'].map((text) =>
    refused('J18', `a second ${text.split('"')[0]} in the header`, (w) =>
      w.signed({ headerText: headerText(w, `"${text}"`) }),
    ),
  ),
  ...['JWT', undefined, 'logout+jwt', 'secevent+jwt', 'dpop+jwt', 'jwt', '', 1, ['at+jwt']].map(
    (typ) => refused('J37', `typ ${show(typ)}`, header({ typ })),
  ),
  refused('J37 AUT-8', 'the typ of the other kind', (w) =>
    w.signed({ header: { typ: w.header['typ'] === 'at+jwt' ? 'cookie+jwt' : 'at+jwt' } }),
  ),
  alike('J37', 'its typ in upper case', (w) =>
    w.signed({ header: { typ: String(w.header['typ']).toUpperCase() } }),
  ),
  alike('J37', 'its typ spelt out', (w) =>
    w.signed({ header: { typ: `application/${String(w.header['typ'])}` } }),
  ),
]
