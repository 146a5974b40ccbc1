// Every secret that each development run needs, in one call; what is there and good is kept.

import { prepareStateFolder, type StatePaths } from '../state-folder.ts'
import { ensureAdminToken } from './admin-tokens.ts'
import { ensureAssertionKeys } from './assertion-keys.ts'
import { ensureCertificates } from './certificates.ts'
import { ensureDemoUsers } from './demo-users.ts'
import { ensureTokenKeys } from './token-keys.ts'

/** Prepares the state folder and its secrets; returns the names of what was made new, for people. */
export async function ensureSecrets(paths: StatePaths, now: () => number): Promise<string[]> {
  prepareStateFolder(paths)
  const made: string[] = []
  if (await ensureCertificates(paths, now)) made.push('certificates')
  if (ensureTokenKeys(paths.tokenKeys)) made.push('token key')
  if (ensureAssertionKeys(paths)) made.push('assertion key')
  if (ensureDemoUsers(paths)) made.push('demo users')
  if (ensureAdminToken(paths)) made.push('admin token')
  return made
}
