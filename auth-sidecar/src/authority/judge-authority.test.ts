import { describe, expect, it } from 'vitest'
import type { AuthorityState } from './authority-store.ts'
import {
  type AuthorityJudgement,
  type CarriedAuthority,
  judgeLive,
  judgePresented,
} from './judge-authority.ts'

const nowMs = 1000
const generation = { epoch: 'e', subject: 2, session: 1 }
const state: AuthorityState = {
  generation,
  graceUntilMs: 0,
  isCookieEnded: false,
  isTokenRevoked: false,
  issuedBeforeMs: 0,
}
const byCookie: CarriedAuthority = { generation, restsOnCookie: true }
const byToken: CarriedAuthority = {
  generation,
  token: { id: 't', keyId: 'k', issuedAtMs: 500 },
  restsOnCookie: false,
}

type Case = [string, CarriedAuthority, Partial<AuthorityState>, AuthorityJudgement]

const cases: readonly Case[] = [
  ['a cookie of which nothing is known', byCookie, {}, 'good'],
  ['a token of which nothing is known', byToken, {}, 'good'],
  ['a cookie that was ended', byCookie, { isCookieEnded: true }, 'revoked'],
  ['a token whose session’s cookie was ended', byToken, { isCookieEnded: true }, 'good'],
  ['a token that was revoked', byToken, { isTokenRevoked: true }, 'void'],
  ['a token issued before', byToken, { issuedBeforeMs: 501 }, 'void'],
  ['a token issued at that very moment', byToken, { issuedBeforeMs: 500 }, 'void'],
  ['a token issued later', byToken, { issuedBeforeMs: 499 }, 'good'],
  ['a cookie, whatever was issued when', byCookie, { issuedBeforeMs: 5000 }, 'good'],
  ['an ended session', byToken, { generation: { ...generation, session: 2 } }, 'revoked'],
  ['an ended subject', byCookie, { generation: { ...generation, subject: 3 } }, 'revoked'],
  [
    'a number the store fell behind',
    byToken,
    { generation: { ...generation, session: 0 } },
    'revoked',
  ],
  ['another epoch', byToken, { generation: { ...generation, epoch: 'f' } }, 'void'],
]

describe('what is presented', () => {
  it.each(cases)('SES-1 SES-8 is judged: %s', (_name, carried, changes, judgement) => {
    expect(judgePresented(carried, { ...state, ...changes })).toBe(judgement)
  })

  it.each(cases)('SES-1 has no margin: %s', (_name, carried, changes, judgement) => {
    const withMargin = { ...state, ...changes, graceUntilMs: nowMs + 1 }
    expect(judgePresented(carried, withMargin)).toBe(judgement)
  })
})

describe('what is live', () => {
  it.each(
    cases,
  )('SES-2 is judged as if presented when there is no margin: %s', (_name, carried, changes, judgement) => {
    for (const graceUntilMs of [0, nowMs]) {
      expect(judgeLive(carried, { ...state, ...changes, graceUntilMs }, nowMs)).toBe(judgement)
    }
  })

  it.each(
    cases,
  )('RX.1 is left alone within a margin, unless its epoch is gone: %s', (name, carried, changes) => {
    const withMargin = { ...state, ...changes, graceUntilMs: nowMs + 1 }
    const expected = name === 'another epoch' ? 'void' : 'good'
    expect(judgeLive(carried, withMargin, nowMs)).toBe(expected)
  })
})
