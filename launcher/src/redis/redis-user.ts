// Who may do what in the Redis of a native run: one user a role, the default one is off. Pure.

import { createHash } from 'node:crypto'
import { defaultUserAclRule, sidecarAclRule } from '@sallyport/contracts/redis-acl'

/** The sidecars' user; named after its role. */
export const redisUser = 'auth-sidecar'

/** What stands before every key of ours. */
export const redisPrefix = 'sallyport'

/** The text of the access list, with the password's hash only. */
export function renderRedisUsers(password: string): string {
  const hash = createHash('sha256').update(password).digest('hex')
  const users = {
    default: defaultUserAclRule,
    [redisUser]: `on #${hash} ${sidecarAclRule(redisPrefix)}`,
  }
  return Object.entries(users)
    .map(([name, rule]) => `user ${name} ${rule}\n`)
    .join('')
}
