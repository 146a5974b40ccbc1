// Rows J18, J22–J46: the form of the text and the claims. Data only.

import { base64url } from '../../support/token-workshop.ts'
import {
  accepted,
  alike,
  at,
  claim,
  claimsText,
  edit,
  headerText,
  parts,
  refused,
  show,
  signedWith,
  type TokenAttack,
} from './token-attack.ts'

const deep = (depth: number) => `"deep":${'['.repeat(depth)}${']'.repeat(depth)}`
const sized = (length: number) => claim({ pad: 'a'.repeat(length) })
const jwe = (head: object) => `${base64url(JSON.stringify(head))}.AAAA.AAAA.AAAA.AAAA`

/** Forms of the text. */
export const formAttacks: readonly TokenAttack[] = [
  refused('J22', 'a JWE', () => jwe({ alg: 'dir', enc: 'A128GCM' })),
  refused('J22', 'a JWE with p2c without end', () =>
    jwe({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31 - 1, p2s: 'AAAA' }),
  ),
  refused('J22', 'a JWE that unpacks', () => jwe({ alg: 'dir', enc: 'A128GCM', zip: 'DEF' })),
  refused('J23', 'JSON serialisation', ({ signed }) => {
    const [head, payload, signature] = parts(signed())
    return JSON.stringify({ protected: head, payload, signature })
  }),
  refused('J23', 'JSON that splits on dots', ({ signed }) => {
    const [head, payload, signature] = parts(signed())
    return `{" .${head}.":1,"payload":"${payload}","signature":"${signature}"}`
  }),
  refused(
    'J24',
    'two parts',
    edit((token) => parts(token).slice(0, 2).join('.')),
  ),
  refused(
    'J24',
    'four parts',
    edit((token) => `${token}.AAAA`),
  ),
  refused(
    'J24',
    'a dot in front',
    edit((token) => `.${token}`),
  ),
  refused(
    'J24',
    'a dot behind',
    edit((token) => `${token}.`),
  ),
  refused(
    'J24',
    'an empty payload',
    edit((token) => `${parts(token)[0]}..${parts(token)[2]}`),
  ),
  refused(
    'J24',
    'an empty header',
    edit((token) => token.replace(/^[^.]+/, '')),
  ),
  refused('J24', 'two dots', () => '..'),
  refused('J24', 'a thousand dots', () => '.'.repeat(1000)),
  refused('J24', 'nothing', () => ''),
  { ...refused('J24', 'a million dots', () => '.'.repeat(1_000_000)), firstMessageOnly: true },
  alike('J25', 'a good token of 7 kB', sized(4800)),
  refused('J25', 'a good token of 9 kB', sized(6200)),
  refused('J25', 'a good token of 16 kB', sized(11_800)),
  refused('J25', 'a good token of 64 kB', sized(48_000)),
  { ...refused('J25', 'a good token of 8 MB', sized(6_000_000)), firstMessageOnly: true },
  refused('J26', 'JSON a thousand deep', (w) => w.signed({ payload: claimsText(w, deep(1000)) })),
  refused('J26', 'JSON 5,000 deep', (w) => w.signed({ payload: claimsText(w, deep(5000)) })),
  refused('J26', 'a header a thousand deep', (w) =>
    w.signed({ headerText: headerText(w, deep(1000)) }),
  ),
  ...['[]', 'null', '"text"', '1', 'true', '', '{', 'no JSON', '{}{}', '{} x', '{"a":1,}'].map(
    (payload) => refused('J27', `the payload ${show(payload)}`, signedWith({ payload })),
  ),
  refused('J27', 'a byte order mark before the payload', (w) =>
    w.signed({ payload: `\ufeff${claimsText(w, '"a":1')}` }),
  ),
  refused('J27', 'a byte order mark before the header', (w) =>
    w.signed({ headerText: `\ufeff${JSON.stringify(w.header)}` }),
  ),
  refused('J27', 'invalid UTF-8 in the payload', (w) =>
    w.signed({
      payload: Buffer.concat([
        Buffer.from(claimsText(w, '"a":"').slice(0, -1)),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('"}'),
      ]),
    }),
  ),
  refused('J27', 'a payload in UTF-16', (w) =>
    w.signed({ payload: Buffer.from(claimsText(w, '"a":1'), 'utf16le') }),
  ),
  refused(
    'J40',
    'a blank in front',
    edit((token) => ` ${token}`),
  ),
  refused(
    'J41',
    'a line break behind',
    edit((token) => `${token}\n`),
  ),
  refused(
    'J41',
    'CR LF behind',
    edit((token) => `${token}\r\n`),
  ),
  refused(
    'J41',
    'a blank behind',
    edit((token) => `${token} `),
  ),
  refused(
    'J41',
    'a blank inside',
    edit((token) => token.replace('.', ' .')),
  ),
  refused(
    'J41',
    'a tab inside',
    edit((token) => token.replace('.', '.\t')),
  ),
  refused(
    'J41',
    'a line break inside',
    edit((token) => token.replace('.', '.\n')),
  ),
  refused(
    'J42',
    'padding behind the signature',
    edit((token) => `${token}==`),
  ),
  refused(
    'J42',
    'padding behind the payload',
    edit((token) => token.replace(/\.([^.]+)$/, '=.$1')),
  ),
  refused('J43', 'the alphabet of plain base64', (w) => {
    let token = w.signed()
    while (!/[-_]/.test(parts(token)[2])) token = w.signed()
    return token.replaceAll('-', '+').replaceAll('_', '/')
  }),
  refused(
    'J44',
    'stray bits in the last character',
    edit((token) => {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
      return token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1) ?? '') + 1]
    }),
  ),
  refused(
    'J46',
    'dots of full width',
    edit((token) => token.replaceAll('.', '\uff0e')),
  ),
  refused(
    'J46',
    'NUL behind',
    edit((token) => `${token}\0`),
  ),
  refused(
    'J46',
    '"Bearer" inside',
    edit((token) => `Bearer ${token}`),
  ),
  refused(
    'J46',
    'a comma and more behind',
    edit((token) => `${token},${token}`),
  ),
  refused(
    'J46',
    'in quotes',
    edit((token) => `"${token}"`),
  ),
]

/** Claims. */
export const claimAttacks: readonly TokenAttack[] = [
  ...(
    [
      ['exp', '"exp":99999999999'],
      ['sub', '"sub":"admin"'],
      ['aud', '"aud":"other"'],
      ['iss', '"iss":"https://other.example"'],
      ['sid', '"sid":"another"'],
    ] as const
  ).map(([name, text]) =>
    refused('J18', `a second ${name}`, (w) => w.signed({ payload: claimsText(w, text) })),
  ),
  refused('J18', 'a second member deep inside', (w) =>
    w.signed({ payload: claimsText(w, '"a":{"b":1,"b":2}') }),
  ),
  refused('J18', 'a second sub, spelt with an escape', (w) =>
    w.signed({ payload: claimsText(w, '"s\\u0075b":"admin"') }),
  ),
  ...['9999999999', null, true, [9999999999], {}].map((exp) =>
    refused('J28', `exp ${show(exp)}`, claim({ exp })),
  ),
  alike('J29', 'exp with a fraction', at('exp', 300.5)),
  ...[-600, -6, -60].map((offset) => refused('J30', `exp ${offset} s`, at('exp', offset))),
  ...[0, -1, -1e300].map((exp) => refused('J30', `exp = ${exp}`, claim({ exp }))),
  ...['1e308', '1e400', '-1e400', '99999999999999999999'].map((exp) =>
    refused('J31', `exp = ${exp}`, (w) => {
      const { exp: _model, ...rest } = w.claims
      return w.signed({ payload: `${JSON.stringify(rest).slice(0, -1)},"exp":${exp}}` })
    }),
  ),
  refused('J31', 'exp in milliseconds', (w) =>
    w.signed({ claims: { exp: (w.nowSeconds() + 300) * 1000 } }),
  ),
  refused('J31', 'exp in a hundred years', at('exp', 100 * 365 * 86_400)),
  refused('J31', 'exp in 25 days', at('exp', 25 * 86_400)),
  refused('J32', 'no exp', claim({ exp: undefined })),
  accepted('J33', 'nbf in 3 s', at('nbf', 3)),
  refused('J33', 'nbf in 60 s', at('nbf', 60)),
  refused('J33', 'nbf in 8 s', at('nbf', 8)),
  ...['0', null, {}, true].map((nbf) => refused('J33', `nbf ${show(nbf)}`, claim({ nbf }))),
  refused('J34', 'iat in an hour', at('iat', 3600)),
  refused('J34', 'iat in 60 s', at('iat', 60)),
  refused('J34', 'iat two days ago', at('iat', -2 * 86_400)),
  ...['0', null, {}, undefined, -1].map((iat) =>
    refused('J34', `iat ${show(iat)}`, claim({ iat })),
  ),
  accepted('J35', 'aud as a list with ours', ({ signed, claims: { aud } }) =>
    signed({ claims: { aud: ['other', aud] } }),
  ),
  ...(
    [
      ['a list without ours', () => ['other']],
      ['longer', (aud) => `${aud}x`],
      ['shorter', (aud) => aud.slice(1)],
      ['in upper case', (aud) => aud.toUpperCase()],
      ['in a nested list', (aud) => [[aud]]],
      ['as an object', (aud) => ({ [aud]: true })],
      ['empty', () => ''],
      ['an empty list', () => []],
      ['joined by a comma', (aud) => `x,${aud}`],
      ['joined by a blank', (aud) => `x ${aud}`],
      ['null', () => null],
      ['missing', () => undefined],
    ] satisfies [string, (aud: string) => unknown][]
  ).map(([name, make]) =>
    refused('J35', `aud ${name}`, (w) =>
      w.signed({ claims: { aud: make(String(w.claims['aud'])) } }),
    ),
  ),
  ...(
    [
      ['with a slash behind', (iss) => `${iss}/`],
      ['of a longer host', (iss) => `${iss}.evil.example`],
      ['with userinfo', (iss) => iss.replace('://', '://user@')],
      ['in upper case', (iss) => iss.toUpperCase()],
      ['as a list', (iss) => [iss]],
      ['as a list with ours first', (iss) => [iss, 'https://evil.example']],
      ['with a blank behind', (iss) => `${iss} `],
      ['null', () => null],
      ['missing', () => undefined],
      ['empty', () => ''],
    ] satisfies [string, (iss: string) => unknown][]
  ).map(([name, make]) =>
    refused('J36', `iss ${name}`, (w) =>
      w.signed({ claims: { iss: make(String(w.claims['iss'])) } }),
    ),
  ),
  ...[
    1,
    {},
    ['alice'],
    null,
    undefined,
    '',
    ' ',
    'alice\r\nX-Auth-User: admin',
    'a'.repeat(3000),
    'al\u202eice',
    'al\0ice',
    '\u00fcser',
    '__proto__',
  ].map((sub) => refused('J38 PRO-1', `sub ${show(sub)}`, claim({ sub }))),
]
