import { expect, it } from 'vitest'
import { readTokenCookie } from './token-cookie.ts'

const name = '__Host-auth_token'
const read = (header: string | undefined) => readTokenCookie(header, name)

it('R4.5 reads the token cookie among others, and no other spelling of its name', () => {
  expect(read(`a=b; ${name}=x.y.z`)).toEqual({ ok: true, value: 'x.y.z' })
  for (const header of [undefined, 'auth_token=x.y.z', `${name.toLowerCase()}=x`, `${name}2=x`]) {
    expect(read(header)).toEqual({ ok: true, value: undefined })
  }
})

it('COO-2 refuses the token cookie when it is named twice', () => {
  expect(read(`${name}=a; ${name}=a`)).toEqual({ ok: false, error: 'cookie-twice' })
})

it('COO-3 COO-4 hands quotes and percent signs on as they are, for the verifier to refuse', () => {
  expect(read(`${name}="x.y.z"`)).toEqual({ ok: true, value: '"x.y.z"' })
  expect(read(`${name}=x%2ey`)).toEqual({ ok: true, value: 'x%2ey' })
})

it('J25 reads a cookie beyond a token’s bound as no token', () => {
  expect(read(`${name}=${'a'.repeat(8193)}`)).toEqual({ ok: true, value: '' })
})
