import { describe, expect, it } from 'vitest'
import { readSessionCookie } from './session-cookie.ts'

const name = '__Host-sessionId'
const secret = 'A'.repeat(43)
const read = (header: string | undefined) => readSessionCookie(header, name)

describe('session cookie', () => {
  it.each([
    ['alone', `${name}=${secret}`],
    ['between others', `a=b; ${name}=${secret}; c=d`],
    ['without blanks', `a=b;${name}=${secret};c=d`],
    ['with a tab', `a=b;\t${name}=${secret}`],
  ])('R0.1 is found %s', (_name, header) => {
    expect(read(header)).toEqual({ ok: true, value: secret })
  })

  it.each([
    undefined,
    '',
    'a=b',
    `sessionId=${secret}`,
    `${name.toLowerCase()}=${secret}`,
  ])('R0.1 is absent in %j', (header) => {
    expect(read(header)).toEqual({ ok: true, value: undefined })
  })

  it.each([
    '\u00a0',
    '\ufeff',
    '\u2003',
    '\v',
    '\f',
  ])('COO-2 is not a cookie whose name has %j around it: any host may set that one', (blank) => {
    expect(read(`${blank}${name}=${secret}`)).toEqual({ ok: true, value: undefined })
    expect(read(`${name}${blank}=${secret}`)).toEqual({ ok: true, value: undefined })
    expect(read(`${name}=${blank}${secret}`)).toEqual({ ok: true, value: '' })
  })

  it.each([
    `"${secret}"`,
    '',
    'short',
    `${secret}A`,
    `%41${secret.slice(3)}`,
  ])('COO-3 COO-4 reads %j as no secret of ours', (value) => {
    expect(read(`${name}=${value}`)).toEqual({ ok: true, value: '' })
  })

  it('COO-2 is refused when it is named twice, in whatever way', () => {
    for (const header of [`${name}=${secret}; ${name}=${secret}`, `${name}; ${name}=${secret}`]) {
      expect(read(header)).toEqual({ ok: false, error: 'cookie-twice' })
    }
  })
})
