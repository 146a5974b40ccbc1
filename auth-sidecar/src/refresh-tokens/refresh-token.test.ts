import { describe, expect, it } from 'vitest'
import { createNextRefreshToken, createRefreshToken, parseRefreshToken } from './refresh-token.ts'

describe('the text of a refresh token', () => {
  it('RX.3 says its family and its secret, and is read as it was made', () => {
    const token = createRefreshToken()
    expect(token.text).toMatch(/^spr_[\w-]{64}$/)
    const read = parseRefreshToken(token.text)
    expect(read).toMatchObject({ text: token.text, familyHash: token.familyHash })
    expect(read?.secretHash).toBe(token.secretHash)
  })

  it('RX.3 is of the same family after each renewal, with another secret', () => {
    const first = createRefreshToken()
    const next = createNextRefreshToken(first)
    expect(next.familyHash).toBe(first.familyHash)
    expect(next.secretHash).not.toBe(first.secretHash)
    expect(parseRefreshToken(next.text)).toMatchObject({ secretHash: next.secretHash })
    expect(createRefreshToken().familyHash).not.toBe(first.familyHash)
  })

  it('RX.3 tells other families and other secrets apart by every byte', () => {
    const { text, familyHash, secretHash } = createRefreshToken()
    const changedAt = (index: number) => {
      const bytes = Buffer.from(text.slice(4), 'base64url')
      bytes[index] = (bytes[index] ?? 0) ^ 1
      return parseRefreshToken(`spr_${bytes.toString('base64url')}`)
    }
    for (let index = 0; index < 48; index += 1) {
      const changed = changedAt(index)
      expect([changed?.familyHash === familyHash, changed?.secretHash === secretHash]).toEqual(
        index < 16 ? [false, true] : [true, false],
      )
    }
  })

  it.each([
    '',
    'spr_',
    'A'.repeat(64),
    `spr_${'A'.repeat(43)}`,
    `spr_${'A'.repeat(63)}`,
    `spr_${'A'.repeat(65)}`,
    `spr_${'A'.repeat(64)}\n`,
    `spr_${'A'.repeat(62)}==`,
    `spr_${'+'.repeat(64)}`,
    `SPR_${'A'.repeat(64)}`,
    ` spr_${'A'.repeat(64)}`,
  ])('RX.3 is not %j', (text) => {
    expect(parseRefreshToken(text)).toBeUndefined()
  })
})
