// What redis-server is started with, what its lines become, and which one is taken. None is started here.

import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultUserAclRule, sidecarAclRule } from '@sallyport/contracts/redis-acl'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureRedisPassword } from '../secrets/redis-password.ts'
import { prepareStateFolder, type StatePaths, statePaths } from '../state-folder.ts'
import { findRedis, requireRedis } from './find-redis.ts'
import { readRedisPassword, renderRedisConfig, writeRedisFiles } from './redis-files.ts'
import { toJsonLine } from './redis-log.ts'
import { answersRedis } from './redis-ready.ts'
import { renderRedisUsers } from './redis-user.ts'

let folder: string
let paths: StatePaths
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-redis-'))
  paths = statePaths(join(folder, 'state'))
  prepareStateFolder(paths)
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the files of redis-server', () => {
  it('W96 name one user a role with the hash of its password, and turn the default one off', () => {
    const hash = createHash('sha256').update('secret').digest('hex')
    const users = renderRedisUsers('secret').trimEnd().split('\n')
    expect(users).toEqual([
      `user default ${defaultUserAclRule}`,
      `user auth-sidecar on #${hash} ${sidecarAclRule('sallyport')}`,
    ])
  })

  it('RX.12 keep it on the loopback, let it evict nothing, and have on disk what it confirms', () => {
    const lines = renderRedisConfig(paths, 6400).split('\n')
    for (const line of [
      'bind 127.0.0.1',
      'port 6400',
      'protected-mode yes',
      'maxmemory-policy noeviction',
      'appendonly yes',
      'appendfsync always',
      'save ""',
      `dir "${paths.redis}"`,
      `aclfile "${paths.redisUsers}"`,
    ]) {
      expect(lines).toContain(line)
    }
  })

  it('are private, and hold no password', () => {
    expect(ensureRedisPassword(paths)).toBe(true)
    expect(ensureRedisPassword(paths)).toBe(false)
    const password = readRedisPassword(paths)
    expect(Buffer.from(password, 'base64url')).toHaveLength(32)
    writeRedisFiles(paths, 6400)
    for (const path of [paths.redisConfig, paths.redisUsers, paths.redisPassword]) {
      expect(statSync(path).mode & 0o777, path).toBe(0o600)
    }
    expect(renderRedisUsers(password)).not.toContain(password)
  })
})

describe('findRedis', () => {
  const settings = () => ({ PATH: folder })
  const install = (printed: string) => {
    const path = join(folder, 'redis-server')
    writeFileSync(path, `#!/bin/sh\necho '${printed}'\n`)
    chmodSync(path, 0o755)
  }

  it.each([
    ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64', true],
    ['Redis server v=8.2.1 sha=00000000:0', true],
    ['Redis server v=6.0.16 sha=00000000:0', false],
    ['something else', false],
  ])('judges %s as new enough: %s', async (printed, expected) => {
    install(printed)
    expect((await findRedis(settings()))?.isNewEnough).toBe(expected)
  })

  it('R3.5 says what to install when there is none, or one that is too old', async () => {
    expect(await requireRedis(settings())).toEqual({
      ok: false,
      error: expect.stringMatching(/^STATE=redis needs a redis-server: put redis-server 7\.0 /),
    })
    expect(await requireRedis({ ...settings(), REPLICAS: '2' })).toEqual({
      ok: false,
      error: expect.stringMatching(/^REPLICAS=2 needs a redis-server: put redis-server 7\.0 /),
    })
    install('Redis server v=6.0.16 sha=00000000:0')
    const old = await requireRedis(settings())
    expect(old.ok ? '' : old.error).toMatch(
      /a redis-server: redis-server 6\.0\.16 is too old, put .*apt-get install redis-server/,
    )
    install('Redis server v=7.0.15 sha=00000000:0')
    expect(await requireRedis(settings())).toEqual({
      ok: true,
      value: join(folder, 'redis-server'),
    })
  })
})

describe('a line of redis-server', () => {
  it('gets a level and a time that `logs` can read', () => {
    const line = '4242:M 21 Nov 2030 07:15:00.123 # WARNING Memory overcommit must be enabled!'
    expect(JSON.parse(toJsonLine(line, 0))).toEqual({
      level: 'warn',
      time: '1970-01-01T00:00:00.000Z',
      msg: 'WARNING Memory overcommit must be enabled!',
    })
  })

  it('is kept whole when it is of no known form', () => {
    expect(JSON.parse(toJsonLine('*** FATAL CONFIG FILE ERROR ***', 0))).toMatchObject({
      level: 'info',
      msg: '*** FATAL CONFIG FILE ERROR ***',
    })
  })
})

describe('a Redis counts as ready', () => {
  /** Something that answers whatever it is sent with this. */
  async function answering(answer: string): Promise<boolean> {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.write(answer))
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as { port: number }
    try {
      return await answersRedis(port, 'secret')
    } finally {
      server.close()
    }
  }

  it.each([
    ['+OK\r\n:0\r\n', true],
    ["+OK\r\n-NOPERM this user has no permissions to run the 'exists' command\r\n", false],
    ['+OK\r\n-LOADING Redis is loading the dataset in memory\r\n', false],
    ['-WRONGPASS invalid username-password pair\r\n-NOAUTH Authentication required.\r\n', false],
    ['HTTP/1.1 400 Bad Request\r\n\r\n', false],
  ])('when it answers %j: %s', async (answer, expected) => {
    expect(await answering(answer)).toBe(expected)
  })

  it('not when nobody listens', async () => {
    expect(await answersRedis(1, 'secret')).toBe(false)
  })
})
