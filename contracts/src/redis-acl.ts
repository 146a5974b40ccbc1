// What each role may do in Redis, as rules of its access list: the launcher writes them, the sidecar's tests keep to
// them. Everything that is not named is refused: other keys, other channels, and every command that lists, copies,
// configures or empties.

/** What may stand in front of all keys and channels: nothing that Redis, its access list or Cluster reads. */
export const redisPrefixForm = /^[a-z0-9-]{1,32}$/

/** Says what `redisPrefixForm` asks for; the name of what is at fault goes before it. */
export const redisPrefixRule = 'must be lower-case letters, digits or -, 32 at most'

/**
 * For the user that everybody is who gives no name: it is off and has no password, so nobody gets in as that one,
 * whatever it may do. And it must be allowed everything: Redis reads its append-only file back as this user and asks for
 * its rights at each EXEC. With less it starts all the same, without a single transaction, and what a script writes is
 * one: revoked sessions and tokens would be good again.
 */
export const defaultUserAclRule = 'off resetpass ~* &* +@all'

/** Each is used by a store, and a test runs every store under them. */
const sidecarCommands = [
  'info client|setname subscribe publish eval evalsha',
  'get mget set getdel exists del unlink pexpire pttl',
  'hmget hset hincrby lrange rpush xadd xrange',
  'zadd zrange zrem zremrangebyscore',
].flatMap((line) => line.split(' '))

/** For the sidecar's user: what stands behind its name and password in an ACL file. Throws for a prefix of no form. */
export function sidecarAclRule(prefix: string): string {
  if (!redisPrefixForm.test(prefix)) throw new RangeError(`the prefix in Redis ${redisPrefixRule}`)
  const commands = sidecarCommands.map((command) => `+${command}`).join(' ')
  return `resetkeys resetchannels -@all ~${prefix}:* &${prefix}:* ${commands}`
}
