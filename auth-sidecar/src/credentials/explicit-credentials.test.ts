import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readBearer } from './bearer.ts'
import { readOfferedToken } from './subprotocol.ts'
import { readTicket } from './ticket.ts'

describe('Authorization', () => {
  it.each([
    ['Bearer a.b.c', 'a.b.c'],
    ['bearer a.b.c', 'a.b.c'],
    ['BEARER a=', 'a='],
  ])('R3.1 reads the token of %j', (header, token) => {
    expect(readBearer(header)).toEqual({ ok: true, value: token })
  })

  it.each([
    '',
    'Bearer',
    'Bearer ',
    'Bearer  a',
    'Bearer a b',
    'Bearer a, Bearer b',
    'Bearer\ta',
    'Bearer a\n',
    'Bearer\u00a0a',
    ' Bearer a',
    'Basic YTpi',
    'a.b.c',
    'Bearer Bearer a',
    'Bearer a\u00a0',
  ])('J40 J41 J46 takes %j for no bearer’s header', (header) => {
    expect(readBearer(header)).toEqual({ ok: false, error: 'not-a-bearer-header' })
  })

  it('AUT-12 never throws, and reads what follows the scheme or nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const read = readBearer(`Bearer ${text}`)
        if (read.ok) expect(read.value).toBe(text)
        expect(readBearer(undefined)).toEqual({ ok: true, value: undefined })
      }),
    )
  })
})

describe('an offered token', () => {
  it('W50 is one or none', () => {
    expect(readOfferedToken({ bearerTokens: [] })).toEqual({ ok: true, value: undefined })
    expect(readOfferedToken({ bearerTokens: ['a'] })).toEqual({ ok: true, value: 'a' })
    expect(readOfferedToken({ bearerTokens: ['a', 'b'] }).ok).toBe(false)
  })
})

describe('a ticket', () => {
  const ticket = 'A'.repeat(43)

  it('TKT-3 is of one form; anything else is none of ours', () => {
    expect(readTicket([])).toEqual({ ok: true, value: undefined })
    expect(readTicket([ticket])).toEqual({ ok: true, value: ticket })
    for (const other of ['', 'a', `${ticket}A`, `${'A'.repeat(42)}=`, `${'A'.repeat(42)}\n`]) {
      expect(readTicket([other])).toEqual({ ok: true, value: '' })
    }
  })

  it('AUT-2 is one, in however many places it stands', () => {
    expect(readTicket([ticket, ticket])).toEqual({ ok: true, value: ticket })
    expect(readTicket([ticket, 'x'])).toEqual({ ok: false, error: 'several-tickets' })
  })
})
