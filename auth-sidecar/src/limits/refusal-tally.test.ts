import { expect, it } from 'vitest'
import { createRefusalTally, maxAddresses } from './refusal-tally.ts'

it('R4.4 sums up by code and reason, and names the address with the most', () => {
  const tally = createRefusalTally()
  tally.add('rate-limited', 'too-many-attempts', '10.0.0.1')
  tally.add('rate-limited', 'too-many-attempts', '10.0.0.1')
  tally.add('invalid-credential', 'token-refused', '10.0.0.2')
  tally.add('malformed-handshake', 'client-address', undefined)
  expect(tally.take()).toEqual({
    refused: 4,
    outcomes: {
      'rate-limited/too-many-attempts': 2,
      'invalid-credential/token-refused': 1,
      'malformed-handshake/client-address': 1,
    },
    addresses: 2,
    topAddress: '10.0.0.1',
    topAttempts: 2,
  })
})

it('R4.4 begins anew after each summary, and has none when nothing was refused', () => {
  const tally = createRefusalTally()
  expect(tally.take()).toBeUndefined()
  tally.add('not-allowed', 'address-blocked', '10.0.0.1')
  tally.take()
  expect(tally.take()).toBeUndefined()
})

it('R4.4 finds the heavy address among a hundred thousand others, in bounded memory', () => {
  const tally = createRefusalTally()
  for (let index = 0; index < 100_000; index += 1) {
    tally.add('invalid-credential', 'token-refused', `2001:db8::${index.toString(16)}`)
    if (index >= 50_000 && index % 5 === 0) {
      tally.add('invalid-credential', 'token-refused', '10.0.0.1')
    }
  }
  const summary = tally.take()
  expect(summary).toMatchObject({
    refused: 110_000,
    addresses: maxAddresses,
    topAddress: '10.0.0.1',
  })
  expect(summary?.topAttempts).toBeGreaterThan(5_000)
})

it('R4.4 stays bounded should a reason ever not be a constant', () => {
  const tally = createRefusalTally()
  for (let index = 0; index < 10_000; index += 1) tally.add('code', `reason-${index}`, undefined)
  const outcomes = tally.take()?.outcomes ?? {}
  expect(Object.keys(outcomes)).toHaveLength(101)
  expect(outcomes['other']).toBe(9_900)
})
