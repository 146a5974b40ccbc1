import { describe, expect, it } from 'vitest'
import { adminScopes, findAdminToken, hashAdminSecret, parseAdminTokens } from './admin-tokens.ts'
import { adminTokenOf } from './testing/admin-fixture.ts'

const { token, secret } = adminTokenOf('operator', adminScopes)
const fileOf = (...tokens: readonly object[]) => JSON.stringify({ tokens })

describe('the file of admin tokens', () => {
  it('R1.5 names tokens with their scopes and hashes', () => {
    const reader = { ...adminTokenOf('reader', ['connections:read']).token }
    expect(parseAdminTokens(fileOf(token, reader))).toEqual([token, reader])
    expect(parseAdminTokens(fileOf())).toEqual([])
  })

  it.each<[string, string]>([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['another member', JSON.stringify({ tokens: [], more: 1 })],
    ['two of one name', fileOf(token, { ...token, scopes: ['revoke'] })],
    ['no name', fileOf({ ...token, name: '' })],
    ['a name with a line break', fileOf({ ...token, name: 'a\nb' })],
    ['no scope', fileOf({ ...token, scopes: [] })],
    ['an unknown scope', fileOf({ ...token, scopes: ['everything'] })],
    ['a misspelt member', fileOf({ ...token, scope: ['revoke'] })],
    ['the secret in place of its hash', fileOf({ ...token, hash: secret })],
    ['a hash in hex', fileOf({ ...token, hash: 'ab'.repeat(32) })],
    ['a hash with padding', fileOf({ ...token, hash: `${token.hash}=` })],
    ['a hash in a second spelling', fileOf({ ...token, hash: secondSpelling(token.hash) })],
  ])('R1.5 is refused with %s', (_name, text) => {
    expect(() => parseAdminTokens(text)).toThrow()
  })
})

describe('an admin token', () => {
  it('R1.5 is found by its secret, whichever it is', () => {
    const others = Array.from({ length: 5 }, (_, index) => adminTokenOf(`o${index}`, ['revoke']))
    const tokens = [...others.map((each) => each.token), token]
    expect(findAdminToken(secret, tokens)).toEqual(token)
    expect(findAdminToken(others[0]?.secret ?? '', tokens)?.name).toBe('o0')
    expect(findAdminToken(adminTokenOf('x', ['revoke']).secret, tokens)).toBeUndefined()
  })

  it.each([
    '',
    secret.slice(4),
    secret.slice(0, -1),
    `${secret}a`,
    secret.toUpperCase(),
    token.hash,
    `spa_${token.hash}`,
    `spa_${'a'.repeat(200)}`,
  ])('R1.5 is not found by anything else: %s', (presented) => {
    expect(findAdminToken(presented, [token])).toBeUndefined()
  })

  it('R1.5 has no secret that is short enough to be guessed', () => {
    const short = 'spa_operator'
    const known = { ...token, hash: hashAdminSecret(short) }
    expect(findAdminToken(short, [known])).toBeUndefined()
  })
})

/** The last character of 43 holds two bits that no byte has: three other characters decode to the same hash. */
function secondSpelling(hash: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return hash.slice(0, -1) + alphabet[alphabet.indexOf(hash.slice(-1)) + 1]
}
