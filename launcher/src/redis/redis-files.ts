// What redis-server is started with: its configuration and its access list, in the state folder. It listens on the
// loopback, knows one user a role, never forgets for want of memory, and has on disk whatever it has confirmed.

import { readFileSync } from 'node:fs'
import { preparePrivateFolder, type StatePaths, writePrivateFile } from '../state-folder.ts'
import { renderRedisUsers } from './redis-user.ts'

/** Writes both files; the password has to be there. */
export function writeRedisFiles(paths: StatePaths, port: number): void {
  preparePrivateFolder(paths.redis)
  writePrivateFile(paths.redisUsers, renderRedisUsers(readRedisPassword(paths)))
  writePrivateFile(paths.redisConfig, renderRedisConfig(paths, port))
}

/** The sidecars' password. */
export function readRedisPassword({ redisPassword }: StatePaths): string {
  return readFileSync(redisPassword, 'utf8').trim()
}

/** The text of `redis.conf`. */
export function renderRedisConfig(paths: StatePaths, port: number): string {
  return `# Made by \`make up\`; an edit is gone with the next one.
bind 127.0.0.1
port ${port}
protected-mode yes
daemonize no
logfile ""
aclfile ${quoted(paths.redisUsers)}

# Memory that is short is an error that is seen. Under any other policy a revocation could be what makes room.
maxmemory-policy noeviction

# What was confirmed is on disk: a revocation must survive the death of Redis, and of the machine. It costs an fsync for
# each round of commands: about a millisecond on a disk that flushes fast, ten or more on one that does not, and that is
# how long a login, a handshake's count or a revocation waits. \`everysec\` would cost nothing and lose a second of them.
dir ${quoted(paths.redis)}
save ""
appendonly yes
appendfsync always
`
}

/** As Redis reads a word that may hold blanks. */
function quoted(text: string): string {
  return JSON.stringify(text)
}
