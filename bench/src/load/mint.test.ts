import { generateKeyPairSync, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createMint, signToken } from './mint.ts'

const keys = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
}
const claims = { iss: 'https://a.example', sub: 'alice', jti: 'first' }

const mintOf = (alg: keyof typeof keys, kinds: readonly ['valid' | 'forged' | 'foreign']) => {
  const privateKey = keys[alg].privateKey.export({ format: 'jwk' })
  const template = signToken({ alg, kid: 'k' }, claims, privateKey)
  return createMint({ template, privateKey, kinds })
}

function read(alg: keyof typeof keys, compact: string) {
  const [head = '', body = '', signature = ''] = compact.split('.')
  const isSigned = verify(
    alg === 'ES256' ? 'sha256' : null,
    Buffer.from(`${head}.${body}`),
    { key: keys[alg].publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  return { claims: JSON.parse(Buffer.from(body, 'base64url').toString()), isSigned }
}

describe('the mint of the load', () => {
  it.each(['ES256', 'EdDSA'] as const)('signs %s tokens that differ in nothing but jti', (alg) => {
    const next = mintOf(alg, ['valid'])
    const tokens = [next(), next()].map(({ compact }) => read(alg, compact))
    expect(tokens.every(({ isSigned }) => isSigned)).toBe(true)
    expect(tokens.map((token) => ({ ...token.claims, jti: '' }))).toEqual([
      { ...claims, jti: '' },
      { ...claims, jti: '' },
    ])
    expect(new Set(tokens.map((token) => token.claims.jti)).size).toBe(2)
  })

  it('forges signatures and calls them no good', () => {
    const { compact, isGood } = mintOf('ES256', ['forged'])()
    expect(isGood).toBe(false)
    expect(read('ES256', compact)).toMatchObject({ isSigned: false, claims: { iss: claims.iss } })
  })

  it('a foreign token names another issuer', () => {
    const { compact, isGood } = mintOf('ES256', ['foreign'])()
    expect(isGood).toBe(false)
    expect(read('ES256', compact).claims.iss).not.toBe(claims.iss)
  })
})
