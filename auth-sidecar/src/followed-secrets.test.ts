import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAssertionRing } from '@sallyport/contracts/identity-assertion'
import { expect, it, vi } from 'vitest'
import { hashAdminSecret } from './admin/admin-tokens.ts'
import { loadAdminTokens } from './admin/followed-admin-tokens.ts'
import { followSecrets } from './followed-secrets.ts'
import { createKeyRing } from './tokens/key-ring.ts'

function tokenKey(kid: string) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }
}

const assertionText = (...ids: readonly string[]) =>
  JSON.stringify({
    keys: ids.map((keyId) => ({ keyId, secret: Buffer.alloc(32, keyId).toString('base64url') })),
  })

const adminText = (name: string) =>
  JSON.stringify({
    tokens: [{ name, hash: hashAdminSecret(`spa_${'a'.repeat(43)}`), scopes: ['revoke'] }],
  })

it('RX.14 each secret is the one in force whenever it is read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-secrets-'))
  const path = (name: string) => join(folder, name)
  const write = (name: string, text: string) => {
    writeFileSync(path(`${name}.new`), text)
    renameSync(path(`${name}.new`), path(name))
  }
  const first = tokenKey('first')
  write('token', JSON.stringify({ keys: [first] }))
  write('assertion', assertionText('a'))
  write('admin', adminText('one'))
  const report = { taken: vi.fn(), refused: vi.fn() }
  const secrets = followSecrets({
    tokenKeys: { path: path('token'), initial: await createKeyRing({ keys: [first] }) },
    assertionKeys: { path: path('assertion'), initial: parseAssertionRing(assertionText('a')) },
    adminTokens: { path: path('admin'), initial: loadAdminTokens(path('admin')) },
    report,
    now: Date.now,
  })
  const present = () => [
    secrets.keyRing.signingKey.keyId,
    ...secrets.assertionKeys.map(({ keyId }) => keyId),
    ...secrets.adminTokens().map(({ name }) => name),
  ]
  expect(present()).toEqual(['first', 'a', 'one'])
  write('token', JSON.stringify({ keys: [tokenKey('second'), first] }))
  write('assertion', assertionText('b', 'a'))
  write('admin', adminText('two'))
  await vi.waitFor(() => expect(present()).toEqual(['second', 'b', 'a', 'two']), 5000)
  await secrets.close()
  rmSync(folder, { recursive: true })
})
