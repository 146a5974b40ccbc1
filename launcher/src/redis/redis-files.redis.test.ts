// A real redis-server on the launcher's files: whom it lets in, and what it still knows after it was killed.

import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { choosePorts } from '../ports.ts'
import { type Child, startChild } from '../run/child.ts'
import { ensureRedisPassword } from '../secrets/redis-password.ts'
import { prepareStateFolder, type StatePaths, statePaths } from '../state-folder.ts'
import { requireRedis } from './find-redis.ts'
import { readRedisPassword, writeRedisFiles } from './redis-files.ts'
import { answersRedis } from './redis-ready.ts'
import { redisPrefix } from './redis-user.ts'

let folder: string
let paths: StatePaths
let port: number
let server: Child

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-redis-'))
  paths = statePaths(join(folder, 'a state'))
  prepareStateFolder(paths)
  ensureRedisPassword(paths)
  const ports = await choosePorts({ public: 0, management: 0 }, { replicas: 1, state: 'redis' })
  port = ports.redis ?? 0
  writeRedisFiles(paths, port)
  await start()
})

afterEach(async () => {
  await server.kill()
  rmSync(folder, { recursive: true })
})

async function start(): Promise<void> {
  const found = await requireRedis({ PATH: process.env['PATH'] ?? '' })
  if (!found.ok) throw new Error(found.error)
  const lines: string[] = []
  server = startChild(
    {
      name: 'redis',
      command: found.value,
      arguments: [paths.redisConfig],
      environment: {},
      directory: paths.redis,
      isReady: async () => true,
    },
    (line) => lines.push(line),
  )
  const ended = server.ended.then((what) => Promise.reject(new Error([what, ...lines].join('\n'))))
  const ready = async () => {
    while (!(await answersRedis(port, readRedisPassword(paths)))) {
      // Asks again at once: each question takes its time on the wire.
    }
  }
  await Promise.race([ready(), ended])
  ended.catch(() => undefined)
}

/** What is answered to these lines, sent one after the other; ends after as many answers. */
function ask(...commands: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.write(commands.map((command) => `${command}\r\n`).join(''))
    })
    let text = ''
    socket.setEncoding('utf8').on('error', reject)
    socket.on('data', (chunk: string) => {
      text += chunk
      const answers = text.split('\r\n').slice(0, -1)
      const complete = answers.filter((line) => !line.startsWith('$'))
      if (complete.length < commands.length) return
      socket.destroy()
      resolve(complete)
    })
  })
}

const signIn = () => `AUTH auth-sidecar ${readRedisPassword(paths)}`

it('RX.12 lets nobody in without the password, and the sidecars to their own keys only', async () => {
  expect(await ask('PING', `GET ${redisPrefix}:x`)).toEqual([
    expect.stringContaining('-NOAUTH'),
    expect.stringContaining('-NOAUTH'),
  ])
  expect(await ask('AUTH auth-sidecar wrong', 'AUTH default wrong')).toEqual([
    expect.stringContaining('-WRONGPASS'),
    expect.stringContaining('-WRONGPASS'),
  ])
  const [, foreign, flush, config] = await ask(
    signIn(),
    'SET other:x 1',
    'FLUSHALL',
    'CONFIG GET maxmemory-policy',
  )
  for (const answer of [foreign, flush, config]) expect(answer).toContain('-NOPERM')
})

it('SES-6 RX.12 knows after SIGKILL what it had confirmed before', async () => {
  const key = `${redisPrefix}:authority`
  expect(await ask(signIn(), `SET ${key} revoked`)).toEqual(['+OK', '+OK'])
  await server.kill()
  await start()
  expect(await ask(signIn(), `GET ${key}`)).toEqual(['+OK', 'revoked'])
})
