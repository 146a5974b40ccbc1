// security.md 4.1: every way of saying an origin that is not the one of the list.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkOrigin } from './check-origin.ts'

const allowed = 'https://app.example.com'
const rules = { origins: [allowed], allowMissingOrigin: false }
const labels = ['%00', '`', '_', '-', ',', ';', '!', "'", '(', '{', '*', '&', '+', '=', '~', '$']

it('ORG-1 takes the origin of the list', () => {
  expect(checkOrigin(allowed, true, rules).ok).toBe(true)
})

it.each([
  'null',
  '',
  'HTTPS://APP.EXAMPLE.COM',
  'https://APP.example.com',
  `${allowed}:443`,
  `${allowed}:8443`,
  `${allowed}:0443`,
  'http://app.example.com',
  'wss://app.example.com',
  `${allowed}.`,
  `${allowed}/`,
  `${allowed}/path`,
  `${allowed}?query`,
  `${allowed}#fragment`,
  `${allowed}.evil.com`,
  'https://evilapp.example.com',
  'https://sub.app.example.com',
  'https://evil.example.com',
  'https://evil.com/app.example.com',
  `${allowed}@evil.com`,
  'https://user:pw@app.example.com',
  'https://appXexample.com',
  ...labels.map((label) => `${allowed}${label}.evil.com`),
  'https://xn--pp-6kc.example.com',
  'https://аpp.example.com',
  'https://app．example．com',
  'https://app%2eexample.com',
  'https://[::1]',
  'https://127.0.0.1',
  'https://2130706433',
  'https://[fe80::1%25eth0]',
  'https://[::ffff:127.0.0.1]',
  'chrome-extension://app.example.com',
  'moz-extension://app.example.com',
  'file://',
  'data:',
  'blob:https://app.example.com',
  `${allowed}, ${allowed}`,
  `${allowed} https://evil.com`,
  ` ${allowed}`,
  `${allowed}\t`,
  'https:app.example.com',
  'https:\\\\app.example.com',
  '//app.example.com',
  'app.example.com',
  `${allowed}${'a'.repeat(8192)}`,
  `${allowed}\r\nx: y`,
  `${allowed}\0`,
  '*',
  'toString',
  '__proto__',
])('ORG-1 refuses %j', (origin) => {
  const refused = { error: { code: 'origin-not-allowed', reason: 'origin-not-listed' } }
  expect(checkOrigin(origin, false, rules)).toMatchObject(refused)
  expect(checkOrigin(origin, false, { ...rules, allowMissingOrigin: true })).toMatchObject(refused)
})

it('ORG-2 takes null where it is listed literally', () => {
  expect(checkOrigin('null', false, { ...rules, origins: ['null'] }).ok).toBe(true)
})

it('ORG-3 lets nobody in without an origin who carries a cookie', () => {
  const lenient = { ...rules, allowMissingOrigin: true }
  expect(checkOrigin(undefined, true, lenient)).toMatchObject({
    error: { reason: 'origin-missing-with-cookie' },
  })
  expect(checkOrigin(undefined, false, lenient).ok).toBe(true)
  expect(checkOrigin(undefined, false, rules)).toMatchObject({
    error: { reason: 'origin-missing' },
  })
})

it('ORG-1 never throws and takes nothing but what is listed', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl()), (origin) => {
      expect(checkOrigin(origin, true, rules).ok).toBe(origin === allowed)
    }),
  )
})
