import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isReturnPath } from './return-path.ts'

it.each([
  '/app',
  '/app/',
  '/app/page?x=1&y=a%20b',
  '/a//b',
  '/grafana/d/x?to=/y#z',
  '/a@b',
])('RX.13 goes back to %s', (path) => {
  expect(isReturnPath(path)).toBe(true)
})

it.each([
  '',
  '/',
  'app',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/ /evil.example',
  ' //evil.example',
  '/.//evil.example',
  '/@evil.example',
  '/%2f/evil.example',
  '/?return=//evil.example',
  '/#//evil.example',
  '/app\\..\\evil',
  '/app\r\nSet-Cookie: a=b',
  '/app\u0000',
  '/äpp',
  '/app page',
  'https://evil.example/app',
  'https:/evil.example',
  'http:evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  './app',
  '?x',
  `/${'a'.repeat(2048)}`,
])('RX.13 does not go to %j', (path) => {
  expect(isReturnPath(path)).toBe(false)
})

it('RX.13 never leaves the host, whatever is called a way back', () => {
  const piece = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    '@',
    ':',
    '%2f',
    'evil.example',
    '?',
    '#',
    'a',
    '\t',
  )
  const text = fc.oneof(
    fc.webUrl(),
    fc.string(),
    fc.array(piece).map((pieces) => pieces.join('')),
  )
  fc.assert(
    fc.property(text, (tail) => {
      for (const path of [tail, `/${tail}`]) {
        if (!isReturnPath(path)) continue
        expect(new URL(path, 'https://app.example.com').origin).toBe('https://app.example.com')
      }
    }),
  )
})
