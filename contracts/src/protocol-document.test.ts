import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { closeCodes } from './close-codes.ts'
import { denials } from './denials.ts'
import { messageErrors } from './messages/message-errors.ts'

const document = readFileSync(new URL('../PROTOCOL.md', import.meta.url), 'utf8')

/** The rows between two markers, as trimmed cells, heading left out. */
function table(name: string): string[][] {
  const [, rest = ''] = document.split(`<!-- ${name} -->`)
  const [inner = ''] = rest.split(`<!-- /${name} -->`)
  return inner
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

it('R0.4 PROTOCOL.md lists exactly the registered denials with their statuses', () => {
  const documented = table('denials').map(([code, status]) => [code, status])
  const registered = Object.entries(denials).map(([code, { status }]) => [
    `\`${code}\``,
    `${status}`,
  ])
  expect(documented).toEqual(registered)
})

it('R0.4 PROTOCOL.md lists exactly the registered close codes with what a client may do', () => {
  const registered = Object.values(closeCodes).map((entry) => [
    `${entry.code}`,
    entry.reason,
    entry.category,
    entry.reconnect,
  ])
  expect(table('close-codes')).toEqual(registered)
})

it('R1.4 PROTOCOL.md lists exactly the registered codes of an error message', () => {
  const documented = table('message-errors').map((row) => row.slice(0, 3))
  const registered = Object.entries(messageErrors).map(([code, { category, retryable }]) => [
    `\`${code}\``,
    category,
    retryable ? 'yes' : 'no',
  ])
  expect(documented).toEqual(registered)
})

it('R1.4 PROTOCOL.md names every message type', () => {
  const types = [
    'authenticate',
    'welcome',
    'auth.refresh',
    'auth.ok',
    'auth.expiring',
    'subscribe',
    'unsubscribe',
    'publish',
    'subscribed',
    'ack',
    'error',
    'event',
    'hb',
    'disconnect',
  ]
  for (const type of types) expect(document).toContain(`| \`${type}\` |`)
})
