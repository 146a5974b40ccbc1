// A new secret for an admin token: the gate takes both until the old one's time is over, and whoever reads
// credentials.json has the new one before that.

import { hash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Output } from '../context.ts'
import { readJson, type StatePaths, writePrivateFile, writePrivateJson } from '../state-folder.ts'
import { adminTokensFile, type FollowUp } from './follow-up.ts'
import type { RotationTask } from './rotate-ring.ts'

export type RotateAdminDeps = {
  readonly state: StatePaths
  readonly followUp: FollowUp
  readonly output: Pick<Output, 'line' | 'error'>
  readonly now: () => number
  readonly task: RotationTask
  /** Whose secret; undefined: that of the token in credentials.json. */
  readonly name: string | undefined
}

type StoredToken = {
  readonly name: string
  readonly hash: string
  readonly scopes: readonly string[]
  readonly expiresAt?: string
}

type Credentials = {
  readonly adminToken?: string
  /** Secrets of further names, once they were rotated. */
  readonly adminTokens?: Readonly<Record<string, string>>
}

/** The old secret is good for as long as this. */
const overlapMs = 600_000

/** Rotates, or only drops; false when it had to stop on the way, with the reason said. */
export async function rotateAdmin(deps: RotateAdminDeps): Promise<boolean> {
  const { state, followUp, output, now, task } = deps
  const path = adminTokensFile(state)
  const before = readTokens(path)
  if (!(await followUp.isInForce('admin', 'follows the tokens'))) return false
  const isGone = ({ expiresAt }: StoredToken) =>
    expiresAt !== undefined && (task === 'drop-all' || Date.parse(expiresAt) <= now())
  const kept = before.filter((token) => !isGone(token))
  if (task !== 'rotate') {
    const gone = before.length - kept.length
    if (gone > 0) writePrivateJson(path, { tokens: kept })
    output.line(gone > 0 ? `dropped: ${gone}` : 'nothing to drop now')
    return gone === 0 || followUp.isInForce('admin', 'has dropped')
  }
  const credentials = (readJson(state.credentials) ?? {}) as Credentials
  const old = findToken(kept, credentials, deps.name)
  if (!old) {
    const names = [...new Set(kept.map(({ name }) => name))].join(', ')
    output.error(`no admin token of that name; NAME= is one of: ${names}`)
    return false
  }
  return replaceSecret(old, kept, credentials, deps)
}

async function replaceSecret(
  old: StoredToken,
  kept: readonly StoredToken[],
  credentials: Credentials,
  { state, followUp, output, now }: RotateAdminDeps,
): Promise<boolean> {
  const path = adminTokensFile(state)
  const textBefore = readFileSync(path, 'utf8')
  const secret = `spa_${randomBytes(32).toString('base64url')}`
  const expiresAt = new Date(now() + overlapMs).toISOString()
  const next = { ...old, hash: hashOf(secret) }
  const others = kept.filter((token) => token !== old)
  writePrivateJson(path, { tokens: [next, { ...old, expiresAt }, ...others] })
  if (!(await followUp.isInForce('admin', `takes the new secret of ${old.name}`))) {
    // Nobody has the new secret yet, and the old one would run out.
    writePrivateFile(path, textBefore)
    output.error('Taken back: the old secret stays.')
    return false
  }
  const isMain = credentials.adminToken !== undefined && hashOf(credentials.adminToken) === old.hash
  writePrivateJson(state.credentials, {
    ...credentials,
    ...(isMain
      ? { adminToken: secret }
      : { adminTokens: { ...credentials.adminTokens, [old.name]: secret } }),
  })
  output.line(`in force: the new secret of ${old.name}, in ${state.credentials}`)
  output.line(`old: its secret before is refused from ${expiresAt} on`)
  return true
}

/** The token of that name, else the one whose secret credentials.json has. */
function findToken(
  tokens: readonly StoredToken[],
  { adminToken }: Credentials,
  name: string | undefined,
): StoredToken | undefined {
  const lasting = tokens.filter(({ expiresAt }) => expiresAt === undefined)
  if (name !== undefined) return lasting.find((token) => token.name === name)
  const own = adminToken === undefined ? undefined : hashOf(adminToken)
  return lasting.find((token) => token.hash === own)
}

function readTokens(path: string): readonly StoredToken[] {
  const value = readJson(path) as { readonly tokens?: readonly StoredToken[] } | undefined
  if (!Array.isArray(value?.tokens)) throw new Error(`${path} names no admin tokens`)
  return value.tokens
}

function hashOf(secret: string): string {
  return hash('sha256', secret, 'base64url')
}
