import { expect, it } from 'vitest'
import { createSecret, hashSecret } from './session-secret.ts'

it('COO-5 makes secrets of 256 bits, and no two alike among a hundred thousand', () => {
  const secrets = new Set<string>()
  for (let count = 0; count < 100_000; count += 1) secrets.add(createSecret())
  expect(secrets.size).toBe(100_000)
  for (const secret of secrets) {
    if (!/^[A-Za-z0-9_-]{43}$/.test(secret)) expect.fail(`a secret of another form: ${secret}`)
  }
  const [first = ''] = secrets
  expect(Buffer.from(first, 'base64url')).toHaveLength(32)
})

it('R0.5 stores a hash that tells nothing of the secret, the same each time', () => {
  const secret = createSecret()
  expect(hashSecret(secret)).toBe(hashSecret(secret))
  expect(hashSecret(secret)).not.toContain(secret.slice(0, 8))
  expect(hashSecret(secret)).not.toBe(hashSecret(createSecret()))
})
