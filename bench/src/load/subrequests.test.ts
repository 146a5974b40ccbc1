import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { signToken } from './mint.ts'
import { createAddresses, createSubrequests } from './subrequests.ts'

const origin = 'https://a.example'
const tenOf = <T>(next: () => T) => Array.from({ length: 10 }, next)

describe('subrequests of an order', () => {
  it('come from one address when the order says so', () => {
    const order = { tokens: { same: 't' }, origin, addresses: 'one' } as const
    const taken = tenOf(createSubrequests(order, createAddresses()))
    expect(new Set(taken.map(({ headers }) => headers['x-forwarded-for'])).size).toBe(1)
    expect(taken.every(({ isGood }) => isGood)).toBe(true)
  })

  it('come from addresses that no order before used', () => {
    const nextAddress = createAddresses()
    const order = { tokens: { same: 't' }, origin, addresses: 'distinct' } as const
    const taken = [order, order].flatMap((each) => tenOf(createSubrequests(each, nextAddress)))
    expect(new Set(taken.map(({ headers }) => headers['x-forwarded-for'])).size).toBe(20)
  })

  it('carry the kinds of tokens in turns, and only the valid ones are good', () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const jwk = privateKey.export({ format: 'jwk' })
    const template = signToken({ alg: 'EdDSA' }, {}, jwk)
    const tokens = { template, privateKey: jwk, kinds: ['valid', 'forged'] } as const
    const order = { tokens, origin, addresses: 'fifty' } as const
    const taken = tenOf(createSubrequests(order, createAddresses()))
    expect(taken.map(({ isGood }) => isGood).slice(0, 4)).toEqual([true, false, true, false])
    expect(new Set(taken.map(({ headers }) => headers['authorization'])).size).toBe(10)
  })
})

describe('addresses', () => {
  it('do not come again within a million', () => {
    const next = createAddresses()
    const seen = new Set<string>()
    for (let count = 0; count < 1_000_000; count += 1) seen.add(next())
    expect(seen.size).toBe(1_000_000)
  })
})
