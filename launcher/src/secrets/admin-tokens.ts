// The operator's token: its secret for people in credentials.json, its hash and scopes for the sidecar. Others that
// stand in the sidecar's file are left as they are.

import { createHash, randomBytes } from 'node:crypto'
import { readJson, type StatePaths, writePrivateJson } from '../state-folder.ts'
import { readCredentials } from './demo-users.ts'

type AdminToken = {
  readonly name: string
  readonly hash: string
  readonly scopes: readonly string[]
}

const operator = 'operator'
const scopes = ['connections:read', 'connections:end', 'revoke'] as const
/** Tells whoever finds one in a log or a repository what it is. */
const secretPrefix = 'spa_'

/** Makes the operator's token unless a good one is there; credentials.json has to be. Returns whether it made one. */
export function ensureAdminToken(paths: StatePaths): boolean {
  const credentials = readCredentials(paths)
  if (!credentials) throw new Error(`${paths.credentials} is missing`)
  const tokens = readTokens(paths)
  const kept = credentials.adminToken
  if (kept !== undefined && tokens.some(({ hash }) => hash === hashOf(kept))) return false
  const adminToken = `${secretPrefix}${randomBytes(32).toString('base64url')}`
  const others = tokens.filter(({ name }) => name !== operator)
  writePrivateJson(paths.adminTokens, {
    tokens: [...others, { name: operator, hash: hashOf(adminToken), scopes }],
  })
  // Last: whoever reads a secret there may use it.
  writePrivateJson(paths.credentials, { ...credentials, adminToken })
  return true
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

function readTokens({ adminTokens }: StatePaths): readonly AdminToken[] {
  const value = readJson(adminTokens)
  const isFile = typeof value === 'object' && value !== null && 'tokens' in value
  return isFile && Array.isArray(value.tokens) ? (value.tokens as AdminToken[]) : []
}
