import { describe, expect, it } from 'vitest'
import { parseRevocation } from './parse-revocation.ts'

const builtInIssuer = 'https://app.example.com/auth'
const nowMs = 1_800_000_000_000
const parse = (body: unknown) => parseRevocation(body, { builtInIssuer, nowMs })
const other = 'https://id.example.org'
const nothing = { reason: undefined }
const past = '2027-01-15T08:00:00+01:00'
const pastMs = Date.parse(past)

describe('what is to be revoked', () => {
  it.each<[object, object]>([
    [
      { subject: 'alice' },
      { type: 'subject', issuer: builtInIssuer, subject: 'alice', issuedBeforeMs: undefined },
    ],
    [
      { subject: 'alice', issuer: other, issuedBefore: past, marginMs: 5000 },
      { type: 'subject', issuer: other, issuedBeforeMs: pastMs, marginMs: 5000 },
    ],
    [{ sessionId: 's-1' }, { type: 'session', sessionId: 's-1', marginMs: undefined }],
    [
      { sessionId: 's-1', marginMs: 0 },
      { type: 'session', marginMs: undefined },
    ],
    [
      { sessionId: 's-1', scope: 'session' },
      { type: 'cookie', sessionId: 's-1' },
    ],
    [{ tokenId: 't' }, { type: 'token', issuer: builtInIssuer, tokenId: 't' }],
    [
      { tokenId: 't', issuer: other },
      { type: 'token', issuer: other, tokenId: 't' },
    ],
    [
      { keyId: 'k1' },
      { type: 'issued-before', issuer: builtInIssuer, keyId: 'k1', issuedBeforeMs: nowMs },
    ],
    [
      { keyId: 'k1', issuer: other, issuedBefore: nowMs / 1000 - 60 },
      { type: 'issued-before', issuer: other, keyId: 'k1', issuedBeforeMs: nowMs - 60_000 },
    ],
    [
      { issuer: other, issuedBefore: nowMs / 1000 + 60 },
      { type: 'issued-before', keyId: undefined, issuedBeforeMs: nowMs + 60_000 },
    ],
  ])('SES-8 %j', (body, expected) => {
    expect(parse(body)).toMatchObject({ ok: true, value: { ...expected, ...nothing } })
  })

  it('SES-8 keeps the reason for the audit log', () => {
    const reason = 'laptop stolen – ticket #42, Zoë'
    expect(parse({ subject: 'alice', reason })).toMatchObject({ value: { reason } })
  })
})

describe('a body at fault', () => {
  it.each<[object, string]>([
    [{}, 'exactly one'],
    [{ subject: 'a', sessionId: 'b' }, 'exactly one'],
    [{ issuedBefore: 1 }, 'exactly one'],
    [{ subject: '' }, 'subject: must'],
    [{ subject: null }, 'subject: must'],
    [{ subject: ['alice'] }, 'subject: must'],
    [{ subject: 'a'.repeat(257) }, 'subject: must'],
    [{ sessionId: 'a b' }, 'sessionId: must'],
    [{ sessionId: 'a', issuer: other }, 'issuer: goes only with'],
    [{ sessionId: 'a', issuedBefore: 1 }, 'issuedBefore: goes only with'],
    [{ tokenId: 'a', issuedBefore: 1 }, 'issuedBefore: goes only with'],
    [{ subject: 'a', scope: 'session' }, 'scope: goes only with sessionId'],
    [{ sessionId: 'a', scope: 'all' }, 'scope: can only be'],
    [{ sessionId: 'a', scope: 'session', marginMs: 1 }, 'marginMs: does not go with scope'],
    [{ keyId: 'a', marginMs: 1 }, 'marginMs: goes only with'],
    [{ issuer: other, marginMs: 1 }, 'marginMs: goes only with'],
    [{ subject: 'a', marginMs: 60_001 }, 'marginMs: must'],
    [{ subject: 'a', marginMs: -1 }, 'marginMs: must'],
    [{ subject: 'a', marginMs: 1.5 }, 'marginMs: must'],
    [{ subject: 'a', marginMs: '5' }, 'marginMs: must'],
    [{ subject: 'a', issuedBefore: nowMs / 1000 + 61 }, 'lies in the future'],
    [{ subject: 'a', issuedBefore: nowMs }, 'lies in the future'],
    [{ subject: 'a', issuedBefore: '2099-01-01T00:00:00Z' }, 'lies in the future'],
    [{ subject: 'a', issuedBefore: '2027-01-15T08:00:00' }, 'issuedBefore: must'],
    [{ subject: 'a', issuedBefore: 'yesterday' }, 'issuedBefore: must'],
    [{ subject: 'a', issuedBefore: 0 }, 'issuedBefore: must'],
    [{ subject: 'a', issuedBefore: -5 }, 'issuedBefore: must'],
    [{ subject: 'a', reason: 'a\nb' }, 'reason: must'],
    [{ subject: 'a', reason: 'a\u202eb' }, 'reason: must'],
    [{ subject: 'a', reason: 'a'.repeat(201) }, 'reason: must'],
    [{ subject: 'a', sessionID: 'b' }, 'there is only subject, sessionId'],
  ])('SES-8 %j is told: %s', (body, fault) => {
    expect(parse(body)).toMatchObject({ ok: false, error: [expect.stringContaining(fault)] })
  })

  it.each([[undefined], [null], [[]], ['alice']])('SES-8 %j is told what to send', (body) => {
    expect(parse(body)).toMatchObject({ ok: false, error: [expect.stringContaining('Send JSON')] })
  })

  it('SES-8 is told all its faults at once, and nothing of what it said', () => {
    const body = { subject: 5, marginMs: 'secret', issuedBefore: 'x', reason: '\n', secret: 1 }
    const parsed = parse(body)
    const faults = parsed.ok ? [] : parsed.error
    expect(faults.map((fault) => fault.split(/[ :]/)[0])).toEqual([
      'subject',
      'issuedBefore',
      'reason',
      'marginMs',
      'there',
    ])
    expect(faults.join()).not.toContain('secret')
  })
})
