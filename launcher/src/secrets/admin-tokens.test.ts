// The operator's token: made once, kept with what it belongs to, and made again when it would be of no use.

import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  prepareStateFolder,
  readJson,
  type StatePaths,
  statePaths,
  writePrivateJson,
} from '../state-folder.ts'
import { ensureAdminToken } from './admin-tokens.ts'
import { readCredentials } from './demo-users.ts'

const users = [{ username: 'alice', password: 'x' }]
let paths: StatePaths

beforeEach(() => {
  paths = statePaths(mkdtempSync(join(tmpdir(), 'sallyport-admin-')))
  prepareStateFolder(paths)
  writePrivateJson(paths.credentials, { users })
})

afterEach(() => rmSync(paths.directory, { recursive: true }))

const tokenOf = () => readCredentials(paths)?.adminToken ?? ''
const hashOf = (secret: string) => createHash('sha256').update(secret).digest('base64url')

it('SES-7 is 256 random bits with every scope, and only its hash stands in the sidecar’s file', () => {
  expect(ensureAdminToken(paths)).toBe(true)
  expect(tokenOf()).toMatch(/^spa_[\w-]{43}$/)
  expect(readCredentials(paths)?.users).toEqual(users)
  expect(readJson(paths.adminTokens)).toEqual({
    tokens: [
      {
        name: 'operator',
        hash: hashOf(tokenOf()),
        scopes: ['connections:read', 'connections:end', 'revoke'],
      },
    ],
  })
  expect(readFileSync(paths.adminTokens, 'utf8')).not.toContain(tokenOf())
  expect(statSync(paths.adminTokens).mode & 0o777).toBe(0o600)
})

it('is kept from then on', () => {
  ensureAdminToken(paths)
  const before = tokenOf()
  expect(ensureAdminToken(paths)).toBe(false)
  expect(tokenOf()).toBe(before)
})

it('is made again when either half was lost, and leaves other tokens alone', () => {
  ensureAdminToken(paths)
  const before = tokenOf()
  const other = { name: 'watcher', hash: hashOf('other'), scopes: ['connections:read'] }
  writePrivateJson(paths.adminTokens, { tokens: [other] })
  expect(ensureAdminToken(paths)).toBe(true)
  expect(tokenOf()).not.toBe(before)
  writePrivateJson(paths.credentials, { users })
  expect(ensureAdminToken(paths)).toBe(true)
  expect(readJson(paths.adminTokens)).toEqual({
    tokens: [other, expect.objectContaining({ name: 'operator', hash: hashOf(tokenOf()) })],
  })
})
