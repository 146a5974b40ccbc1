// What a users file says of somebody, as a short text to compare: sessions carry it, so that whoever ends them after a
// change can tell those that were begun before it from those that were begun since. Tells nothing of the password.

import { hash } from 'node:crypto'
import type { User } from './password-hash.ts'

/**
 * A digest of everything in the entry; the order of groups does not matter. Changing its form would end every session
 * at the next start of the sidecar.
 */
export function userFingerprint(user: User): string {
  const { id, username, passwordHash, disabled = false } = user
  const groups = [...new Set(user.groups)].sort()
  return hash('sha256', JSON.stringify([id, username, groups, passwordHash, disabled]), 'base64url')
}
