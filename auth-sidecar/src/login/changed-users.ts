// What became of whom between two readings of the users file. Pure.

import type { User } from './password-hash.ts'
import { userFingerprint } from './user-fingerprint.ts'

/** Somebody whose sessions, begun by another entry than the present one, are to end. */
export type ChangedUser = {
  readonly subject: string
  /** Of the present entry; `removedFingerprint` where there is none. */
  readonly fingerprint: string
}

/** No digest is spelled so. */
export const removedFingerprint = 'removed'

/**
 * Everybody whose entry is another now: gone, another password, name or groups, disabled. Those who are new or enabled
 * again are among them, though they have no sessions: or their next change to what they were before would look like
 * one that was seen to already.
 */
export function changedUsers(before: readonly User[], after: readonly User[]): ChangedUser[] {
  const [earlier, present] = [fingerprints(before), fingerprints(after)]
  const subjects = new Set([...earlier.keys(), ...present.keys()])
  return [...subjects].flatMap((subject) => {
    const fingerprint = present.get(subject) ?? removedFingerprint
    return earlier.get(subject) === fingerprint ? [] : [{ subject, fingerprint }]
  })
}

function fingerprints(users: readonly User[]): Map<string, string> {
  return new Map(users.map((user) => [user.id, userFingerprint(user)]))
}
