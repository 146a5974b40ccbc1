// What each role may do in Redis, as rules of its access list: the launcher writes them, the sidecar's tests keep to
// them. Everything that is not named is refused: other keys, other channels, and every command that lists, copies,
// configures or empties.

/** What may stand in front of all keys and channels: nothing that Redis, its access list or Cluster reads. */
export const redisPrefixForm = /^[A-Za-z0-9_.-]{1,64}$/

/** For the user that everybody is who gives no name: nobody gets in as that one. */
export const defaultUserAclRule = 'off resetpass resetkeys resetchannels -@all'

/** Each is used by a store, and a test runs every store under them. */
const sidecarCommands = [
  'info client|setname subscribe publish eval evalsha',
  'get mget set getdel exists del unlink pexpire pttl',
  'hget hmget hset hsetnx hexists hincrby lrange rpush xadd xrange',
  'zadd zrange zrem zremrangebyscore',
].flatMap((line) => line.split(' '))

/** For the sidecar's user: what stands behind its name and password in an ACL file. Throws for a prefix of no form. */
export function sidecarAclRule(prefix: string): string {
  if (!redisPrefixForm.test(prefix)) throw new RangeError('the prefix in Redis is of no good form')
  const commands = sidecarCommands.map((command) => `+${command}`).join(' ')
  return `resetkeys resetchannels -@all ~${prefix}:* &${prefix}:* ${commands}`
}
