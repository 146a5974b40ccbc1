import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { claimsOf, signToken } from '../mint.ts'
import { createSessionMinter } from './session-mint.ts'

const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  format: 'jwk',
})
const header = { alg: 'ES256', kid: 'k', typ: 'at+jwt' }
const claims = { iss: 'https://a.example', sub: 'alice', sid: 's', jti: 'j', iat: 1, exp: 4000 }
const template = signToken(header, claims, privateKey)
const minter = () => createSessionMinter({ template, privateKey }, () => 500_900)

describe('the mint of sessions', () => {
  it('changes nothing but the session, the id and when it was issued', () => {
    const { newSessionId, tokenOf } = minter()
    const sid = newSessionId()
    const minted = claimsOf(tokenOf(sid))
    expect(minted.header).toEqual(header)
    expect(minted.claims).toEqual({ ...claims, sid, jti: minted.claims['jti'], iat: 500 })
  })

  it('gives no session and no token twice, and ids that an operator may name', () => {
    const [first, second] = [minter(), minter()]
    const sessions = [first, second, first].map(({ newSessionId }) => newSessionId())
    expect(new Set(sessions).size).toBe(3)
    expect(sessions.every((sid) => /^[A-Za-z0-9_-]{1,128}$/.test(sid))).toBe(true)
    const tokens = [first, second, first].map(({ tokenOf }) => claimsOf(tokenOf('same')).claims)
    expect(new Set(tokens.map(({ jti }) => jti)).size).toBe(3)
  })

  it('refuses a template that is no token', () => {
    expect(() => createSessionMinter({ template: 'x', privateKey }, Date.now)).toThrow('no compact')
  })
})
