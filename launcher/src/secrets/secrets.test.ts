// What is made at first run: certificates, keys, demo users; and that it is kept, private and belongs together.

import { argon2Sync, X509Certificate } from 'node:crypto'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deriveAssertionKey } from '@sallyport/contracts/identity-assertion'
import { serviceRoles } from '@sallyport/contracts/service-role'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  assertionKeys,
  readJson,
  type StatePaths,
  statePaths,
  tlsDirectory,
} from '../state-folder.ts'
import { writeBackendKeys } from './assertion-keys.ts'
import { makePassword, readCredentials } from './demo-users.ts'
import { ensureSecrets } from './ensure-secrets.ts'

type KeyFile = { keys: { keyId: string; secret: string }[] }

const dayMs = 86_400_000
const startMs = Date.UTC(2030, 0, 1)
let paths: StatePaths

beforeEach(async () => {
  paths = statePaths(join(mkdtempSync(join(tmpdir(), 'sallyport-secrets-')), 'state'))
  await ensureSecrets(paths, () => startMs)
})

afterEach(() => rmSync(join(paths.directory, '..'), { recursive: true, force: true }))

function certificateOf(role: (typeof serviceRoles)[number] | 'authority') {
  const text = readFileSync(join(tlsDirectory(paths, role), 'certificate.pem'), 'utf8')
  return new X509Certificate(text)
}

describe('certificates', () => {
  it('R3.5 name exactly their role and come from the authority', () => {
    const authority = certificateOf('authority')
    for (const role of serviceRoles) {
      const certificate = certificateOf(role)
      expect(certificate.subject).toBe(`CN=${role}`)
      expect(certificate.verify(authority.publicKey)).toBe(true)
      expect(certificate.ca).toBe(false)
      expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
    }
  })

  it('carry the loopback address in the sidecar’s alone', () => {
    for (const role of serviceRoles) {
      const address = role === 'auth-sidecar' ? ', IP Address:127.0.0.1' : ''
      expect(certificateOf(role).subjectAltName).toBe(`DNS:${role}${address}`)
    }
  })

  it('last 397 days', () => {
    const { validFrom, validTo } = certificateOf('traefik')
    expect(Date.parse(validTo) - Date.parse(validFrom)).toBe(397 * dayMs)
  })

  it('are kept while they last and made anew when less than 30 days are left', async () => {
    const first = certificateOf('traefik').fingerprint256
    expect(await ensureSecrets(paths, () => startMs + 360 * dayMs)).toEqual([])
    expect(certificateOf('traefik').fingerprint256).toBe(first)
    expect(await ensureSecrets(paths, () => startMs + 370 * dayMs)).toEqual(['certificates'])
    expect(certificateOf('traefik').fingerprint256).not.toBe(first)
  })

  it('are made anew when a key does not belong to its certificate', async () => {
    const key = (role: 'traefik' | 'frontend') => join(tlsDirectory(paths, role), 'key.pem')
    writeFileSync(key('traefik'), readFileSync(key('frontend')))
    expect(await ensureSecrets(paths, () => startMs)).toEqual(['certificates'])
  })
})

describe('files', () => {
  it('R3.5 are readable by their owner only, folders too', () => {
    const entries = readdirSync(paths.directory, { recursive: true, encoding: 'utf8' })
    const modes = entries.map((name) => {
      const status = statSync(join(paths.directory, name))
      return { name, mode: status.mode & 0o777, isFolder: status.isDirectory() }
    })
    expect(modes.length).toBeGreaterThan(20)
    expect(modes.filter(({ mode, isFolder }) => mode !== (isFolder ? 0o700 : 0o600))).toEqual([])
  })
})

describe('keys', () => {
  it('are one private ES256 key with an id', () => {
    const shape = { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' }
    expect(readJson(paths.tokenKeys)).toMatchObject({ keys: [shape] })
    expect(readJson(paths.tokenKeys)).toMatchObject({
      keys: [{ kid: expect.any(String), d: expect.any(String) }],
    })
  })

  it('give the backend a derived secret, never the master', () => {
    const [master] = (readJson(paths.assertionMaster) as KeyFile).keys
    const [backend] = (readJson(paths.assertionBackend) as KeyFile).keys
    const masterSecret = Buffer.from(master?.secret ?? '', 'base64url')
    const derived = Buffer.from(deriveAssertionKey(masterSecret, 'ws-backend'))
    expect(masterSecret).toHaveLength(32)
    expect(backend).toEqual({ keyId: master?.keyId, secret: derived.toString('base64url') })
  })
})

describe('keys of backends that are not ours', () => {
  it('RX.6 are derived from the master, for each backend another, and private', () => {
    writeBackendKeys(paths, ['games', 'billing'])
    const [master] = (readJson(paths.assertionMaster) as KeyFile).keys
    for (const backend of ['games', 'billing']) {
      const path = assertionKeys(paths, backend)
      const derived = deriveAssertionKey(Buffer.from(master?.secret ?? '', 'base64url'), backend)
      const secret = Buffer.from(derived).toString('base64url')
      expect(readJson(path)).toEqual({ keys: [{ keyId: master?.keyId, secret }] })
      expect(statSync(path).mode & 0o777).toBe(0o600)
    }
  })

  it.each([
    'master',
    '../escaped',
    'x/../../escaped',
  ])('AUT-13 never cost the master, nor a file elsewhere: %s', (backend) => {
    const before = readFileSync(paths.assertionMaster, 'utf8')
    expect(() => writeBackendKeys(paths, [backend])).toThrow('no name of a backend')
    expect(readFileSync(paths.assertionMaster, 'utf8')).toBe(before)
    expect(existsSync(join(paths.directory, 'escaped.json'))).toBe(false)
  })

  it('RX.6 are not made without a master', () => {
    rmSync(paths.assertionMaster)
    expect(() => writeBackendKeys(paths, ['games'])).toThrow('holds no key')
  })
})

describe('demo users', () => {
  it('R3.5 have hashes that match their passwords', () => {
    const users = readJson(paths.users) as { username: string; passwordHash: string }[]
    for (const { username, password } of readCredentials(paths)?.users ?? []) {
      const hash = users.find((user) => user.username === username)?.passwordHash ?? ''
      const [, kind, version, numbers, salt = '', digest] = hash.split('$')
      expect([kind, version, numbers]).toEqual(['argon2id', 'v=19', 'm=19456,t=2,p=1'])
      const nonce = Buffer.from(salt, 'base64')
      const cost = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 }
      const again = argon2Sync('argon2id', { message: password, nonce, ...cost })
      expect(again.toString('base64').replaceAll('=', '')).toBe(digest)
    }
    expect(users.map(({ username }) => username)).toEqual(['alice', 'bob'])
  })

  it('are all that credentials.json holds, beside the admin token', () => {
    const user = { username: expect.any(String), password: expect.any(String) }
    expect(readJson(paths.credentials)).toEqual({
      users: [user, user],
      adminToken: expect.any(String),
    })
  })

  it('keep their passwords, also when the hashes were lost', async () => {
    const before = readCredentials(paths)
    rmSync(paths.users)
    expect(await ensureSecrets(paths, () => startMs)).toEqual(['demo users'])
    expect(readCredentials(paths)).toEqual(before)
  })

  it('get passwords of five groups that differ every time', () => {
    expect(makePassword()).toMatch(/^([a-z2-90]{4}-){4}[a-z2-90]{4}$/)
    expect(makePassword()).not.toBe(makePassword())
  })
})
