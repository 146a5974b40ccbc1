import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Settings } from './config.ts'
import { loadSecretFiles } from './secret-files.ts'
import { privateKey } from './testing/domain-fixture.ts'

/** Settings whose secret files hold these texts. */
function settingsOf(texts: { readonly password?: string; readonly users?: string } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const put = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const secret = Buffer.alloc(32, 7).toString('base64url')
  const settings: Partial<Settings> = {
    SIDECAR_TOKEN_KEYS_FILE: put('token', JSON.stringify({ keys: [privateKey('k1')] })),
    SIDECAR_ASSERTION_KEYS_FILE: put(
      'assertion',
      JSON.stringify({ keys: [{ keyId: 'a1', secret }] }),
    ),
    ...(texts.users !== undefined && { SIDECAR_USERS_FILE: put('users', texts.users) }),
    ...(texts.password !== undefined && {
      SIDECAR_REDIS_PASSWORD_FILE: put('password', texts.password),
    }),
  }
  return settings as Settings
}

const faultOf = (settings: Settings) =>
  loadSecretFiles(settings).then(
    () => 'none',
    (error: Error) => error.message,
  )

describe('the secret files', () => {
  it('SES-6 give the password of Redis without the line break that editors leave', async () => {
    expect(await loadSecretFiles(settingsOf({ password: ' s3cret\n' }))).toMatchObject({
      redisPassword: 's3cret',
    })
    expect(await loadSecretFiles(settingsOf())).toMatchObject({ redisPassword: undefined })
  })

  it.each([
    '',
    '\n',
    ' \t\n',
  ])('SES-6 name a password file that holds none (%j), beside others at fault', async (password) => {
    const fault = await faultOf(settingsOf({ password, users: '[{"id":"canary"}]' }))
    expect(fault).toMatch(/SIDECAR_REDIS_PASSWORD_FILE: .*; SIDECAR_USERS_FILE: /)
    expect(fault).not.toContain('canary')
  })

  it('SES-6 name a password file that went away', async () => {
    const settings = { ...settingsOf(), SIDECAR_REDIS_PASSWORD_FILE: '/nowhere/password' }
    expect(await faultOf(settings)).toContain('SIDECAR_REDIS_PASSWORD_FILE: /nowhere/password')
  })
})
