import type { Who } from '@sallyport/contracts/policy'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Holder, unmetDemand, whoMay } from './who-may.ts'

const nobody: Holder = { groups: [], scopes: [], claims: {} }
const anybody: Who = { groups: [], scopes: [], claims: {} }

it.each<[string, Partial<Who>, Partial<Holder>, boolean]>([
  ['nothing demanded', {}, {}, true],
  ['one of the groups', { groups: ['staff', 'admin'] }, { groups: ['admin'] }, true],
  ['none of the groups', { groups: ['staff'] }, { groups: ['Staff', 'staffer'] }, false],
  ['all scopes', { scopes: ['a', 'b'] }, { scopes: ['b', 'c', 'a'] }, true],
  ['one of two scopes', { scopes: ['a', 'b'] }, { scopes: ['a'] }, false],
  [
    'a claim of that value',
    { claims: { plan: ['gold', 'silver'] } },
    { claims: { plan: 'silver' } },
    true,
  ],
  ['a claim of another value', { claims: { plan: ['gold'] } }, { claims: { plan: 'tin' } }, false],
  ['a claim that is missing', { claims: { plan: ['gold'] } }, {}, false],
  ['a claim that is a list', { claims: { team: ['x'] } }, { claims: { team: ['y', 'x'] } }, true],
  [
    'a claim that is a list of others',
    { claims: { team: ['x'] } },
    { claims: { team: ['xx'] } },
    false,
  ],
  ['a claim that is a number', { claims: { level: ['3'] } }, { claims: { level: 3 } }, true],
  [
    'a claim that is a truth',
    { claims: { verified: ['true'] } },
    { claims: { verified: true } },
    true,
  ],
  ['an inherited member', { claims: { toString: ['x'] } }, {}, false],
  [
    'two claims of which one holds',
    { claims: { a: ['1'], b: ['1'] } },
    { claims: { a: '1' } },
    false,
  ],
  ['all but the group', { groups: ['g'], scopes: ['s'] }, { scopes: ['s'] }, false],
])('RX.13 judges %s', (_name, who, holder, expected) => {
  expect(whoMay({ ...anybody, ...who }, { ...nobody, ...holder })).toBe(expected)
})

it('RX.13 lets nobody in who holds nothing, whatever is demanded', () => {
  const names = fc.array(fc.string(), { maxLength: 3 })
  const who = fc.record({ groups: names, scopes: names, claims: fc.dictionary(fc.string(), names) })
  fc.assert(
    fc.property(who, (demand) => {
      const { groups, scopes, claims } = demand
      const demandsNothing = groups.length + scopes.length + Object.keys(claims).length === 0
      expect(whoMay(demand, nobody)).toBe(demandsNothing)
    }),
  )
})

it('LOG-1 names the first demand that is not met', () => {
  const who: Who = { groups: ['g'], scopes: ['s'], claims: { c: ['1'] } }
  expect(unmetDemand(who, nobody)).toBe('policy-groups')
  expect(unmetDemand(who, { ...nobody, groups: ['g'] })).toBe('policy-scopes')
  expect(unmetDemand(who, { ...nobody, groups: ['g'], scopes: ['s'] })).toBe('policy-claims')
  expect(unmetDemand(who, { groups: ['g'], scopes: ['s'], claims: { c: '1' } })).toBeUndefined()
})
