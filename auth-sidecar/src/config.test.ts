import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sidecarAclRule } from '@sallyport/contracts/redis-acl'
import { describe, expect, it } from 'vitest'
import { loadConfig } from './config.ts'

const here = import.meta.filename
const tlsDirectory = mkdtempSync(join(tmpdir(), 'sallyport-tls-'))
for (const name of ['authority', 'certificate', 'key']) {
  writeFileSync(join(tlsDirectory, `${name}.pem`), 'not looked at here')
}
const complete = {
  SIDECAR_VERIFY_PORT: '1',
  SIDECAR_AUTH_PORT: '2',
  SIDECAR_INTERNAL_PORT: '3',
  SIDECAR_MANAGEMENT_PORT: '4',
  SIDECAR_TLS_DIRECTORY: tlsDirectory,
  SIDECAR_ALLOWED_ORIGINS: 'https://app.example.com',
  SIDECAR_ISSUER: 'https://app.example.com/auth',
  SIDECAR_TOKEN_KEYS_FILE: here,
  SIDECAR_ASSERTION_KEYS_FILE: here,
}

describe('settings of the sidecar', () => {
  it('R0.14 defaults to production with secure cookies', () => {
    const config = loadConfig(complete)
    expect(config).toMatchObject({
      ok: true,
      value: { SALLYPORT_MODE: 'production', SIDECAR_SECURE_COOKIES: true, WS_RATE_LIMIT: 10 },
    })
  })

  it('R3.11 names every fault at once, each with its variable', () => {
    const config = loadConfig({
      ...complete,
      SIDECAR_VERIFY_PORT: 'x',
      SIDECAR_ISSUER: undefined,
      SIDECAR_ALLOWED_ORIGINS: 'https://app.example.com/',
      SIDECAR_TOKEN_KEYS_FILE: '/nowhere',
      SIDECAR_SECURE_COOKIES: 'yes',
      SIDECAR_TYPO: '1',
      WS_RATE_LIMIT: '0',
    })
    const faults = config.ok ? [] : config.error
    const named = faults.map((fault) => fault.split(':')[0]).sort()
    expect(named).toEqual([
      'SIDECAR_ALLOWED_ORIGINS',
      'SIDECAR_ISSUER',
      'SIDECAR_SECURE_COOKIES',
      'SIDECAR_TOKEN_KEYS_FILE',
      'SIDECAR_TYPO',
      'SIDECAR_VERIFY_PORT',
      'WS_RATE_LIMIT',
    ])
  })

  it('R3.11 says which entry is no way, and which ways there are', () => {
    const config = loadConfig({ ...complete, SIDECAR_CREDENTIAL_WAYS: 'cookie,authorization' })
    expect(config.ok ? [] : config.error).toEqual([
      expect.stringMatching(
        /^SIDECAR_CREDENTIAL_WAYS: cookie is no way; there are session-cookie, .*ticket/,
      ),
    ])
  })

  it('R0.14 R3.6 refuses development settings in production, beside other faults', () => {
    const config = loadConfig({
      ...complete,
      SIDECAR_VERIFY_PORT: '',
      SIDECAR_ALLOWED_ORIGINS: 'http://localhost:8080',
      SIDECAR_ISSUER: 'http://localhost:8080/auth',
      SIDECAR_SECURE_COOKIES: 'false',
    })
    const faults = config.ok ? [] : config.error
    expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual([
      'SIDECAR_ALLOWED_ORIGINS',
      'SIDECAR_ISSUER',
      'SIDECAR_SECURE_COOKIES',
      'SIDECAR_VERIFY_PORT',
    ])
    expect(
      loadConfig({ ...complete, SALLYPORT_MODE: 'development', SIDECAR_SECURE_COOKIES: 'false' })
        .ok,
    ).toBe(true)
  })

  it.each([
    '0.0.0.0/0',
    '0.0.0.0/00',
    '::/0',
    '::/00',
    '::ffff:0.0.0.0/96',
    '10.0.0.0/8,::/0',
  ])('R4.2 refuses to trust everybody as a proxy: %s', (ranges) => {
    const config = loadConfig({ ...complete, SIDECAR_TRUSTED_PROXIES: ranges })
    const faults = config.ok ? [] : config.error
    expect(faults).toEqual([expect.stringMatching(/^SIDECAR_TRUSTED_PROXIES: /)])
  })

  it('R4.2 takes ranges and single addresses of proxies', () => {
    const config = loadConfig({ ...complete, SIDECAR_TRUSTED_PROXIES: '10.0.0.0/8, fd00::1' })
    expect(config).toMatchObject({
      ok: true,
      value: { SIDECAR_TRUSTED_PROXIES: ['10.0.0.0/8', 'fd00::1'] },
    })
  })

  it.each([
    'https://app.example.com:443',
    'https://app.example.com:99999',
    'https://App.example.com',
    'https://app.example.com/',
    'null',
  ])('ORG-1 refuses %s, which no browser sends as an origin', (origin) => {
    const config = loadConfig({ ...complete, SIDECAR_ALLOWED_ORIGINS: origin })
    const faults = config.ok ? [] : config.error
    expect(faults).toEqual([expect.stringMatching(/^SIDECAR_ALLOWED_ORIGINS: /)])
  })

  it('R3.6 refuses the development bypass in production, and where others could connect', () => {
    const faultsOf = (environment: object) => {
      const config = loadConfig({
        ...complete,
        SIDECAR_DEVELOPMENT_BYPASS: 'alice',
        ...environment,
      })
      return config.ok ? [] : config.error.map((fault) => fault.split(':')[0])
    }
    expect(faultsOf({})).toEqual(['SIDECAR_DEVELOPMENT_BYPASS'])
    expect(faultsOf({ SALLYPORT_MODE: '' })).toEqual(['SIDECAR_DEVELOPMENT_BYPASS'])
    expect(faultsOf({ SALLYPORT_MODE: 'production' })).toEqual(['SIDECAR_DEVELOPMENT_BYPASS'])
    const development = { SALLYPORT_MODE: 'development' }
    for (const host of ['0.0.0.0', '::', '192.168.0.2', 'localhost']) {
      expect(faultsOf({ ...development, SIDECAR_HOST: host })).toEqual([
        'SIDECAR_DEVELOPMENT_BYPASS',
      ])
    }
    expect(faultsOf({ ...development, SIDECAR_HOST: '::1' })).toEqual([])
    expect(faultsOf(development)).toEqual([])
  })

  it('SES-1 takes a folder for its state that is there or can be made, and nothing else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-state-'))
    const faultsOf = (path: string) => {
      const config = loadConfig({ ...complete, SIDECAR_STATE_DIRECTORY: path })
      return config.ok ? [] : config.error.map((fault) => fault.split(':')[0])
    }
    expect(faultsOf(folder)).toEqual([])
    expect(faultsOf(join(folder, 'not', 'yet', 'there'))).toEqual([])
    expect(faultsOf(here)).toEqual(['SIDECAR_STATE_DIRECTORY'])
    expect(faultsOf(join(here, 'below'))).toEqual(['SIDECAR_STATE_DIRECTORY'])
  })

  it.each([
    ['redis://sidecar@127.0.0.1:6379/0', true],
    ['rediss://redis.example.com', true],
    ['redis://sidecar:secret@127.0.0.1:6379/0', false],
    ['redis://:secret@127.0.0.1', false],
    ['http://127.0.0.1:6379', false],
    ['redis.example.com:6379', false],
    ['redis://127.0.0.1:6379/1', false],
  ])('SES-6 says of %s as Redis: %j, and never quotes what is in it', (url, isGood) => {
    const config = loadConfig({ ...complete, SIDECAR_REDIS_URL: url })
    const faults = config.ok ? [] : config.error
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(isGood ? [] : ['SIDECAR_REDIS_URL'])
    expect(faults.join()).not.toContain('secret')
  })

  it('SES-6 names a file for the password of Redis that is empty, or that cannot be read', () => {
    const empty = join(tlsDirectory, 'empty')
    writeFileSync(empty, '')
    for (const path of [empty, '/nowhere']) {
      const config = loadConfig({ ...complete, SIDECAR_REDIS_PASSWORD_FILE: path })
      expect(config.ok ? [] : config.error).toEqual([
        expect.stringMatching(/^SIDECAR_REDIS_PASSWORD_FILE: names /),
      ])
    }
    expect(loadConfig({ ...complete, SIDECAR_REDIS_PASSWORD_FILE: here }).ok).toBe(true)
  })

  it('SES-6 keeps its keys in Redis under a prefix', () => {
    const prefixed = (prefix: string | undefined) =>
      loadConfig({ ...complete, SIDECAR_REDIS_PREFIX: prefix })
    expect(prefixed(undefined)).toMatchObject({ value: { SIDECAR_REDIS_PREFIX: 'sallyport' } })
    expect(prefixed('stage-2').ok).toBe(true)
    for (const bad of ['Stage', 'a_b', 'a.b', 'a:b', 'a{b}', 'a'.repeat(33)]) {
      expect(prefixed(bad).ok).toBe(false)
      // The access list and the stores go by the same rule.
      expect(() => sidecarAclRule(bad)).toThrow(RangeError)
    }
  })

  it('SES-7 opens no admin listener without admin tokens', () => {
    const admin = { ...complete, SIDECAR_ADMIN_PORT: '5' }
    expect(loadConfig(admin)).toEqual({
      ok: false,
      error: ['SIDECAR_ADMIN_TOKENS_FILE: must be set where SIDECAR_ADMIN_PORT is'],
    })
    expect(loadConfig({ ...admin, SIDECAR_ADMIN_TOKENS_FILE: here })).toMatchObject({
      value: { SIDECAR_ADMIN_PORT: 5 },
    })
    expect(loadConfig(complete)).toMatchObject({ ok: true })
  })

  it('LOG-1 takes an audit log that can be written to, there or not', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-audit-'))
    const isTaken = (path: string) => loadConfig({ ...complete, SIDECAR_AUDIT_FILE: path }).ok
    expect(isTaken(join(folder, 'audit.jsonl'))).toBe(true)
    expect(isTaken(here)).toBe(true)
    expect(isTaken(folder)).toBe(false)
    expect(isTaken(join(folder, 'not-there', 'audit.jsonl'))).toBe(false)
  })
})
