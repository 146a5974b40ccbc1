// A real redis-server on the launcher's files: whom it lets in, and what it still knows after it was killed.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultUserAclRule } from '@sallyport/contracts/redis-acl'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { addressesOf } from '../endpoints.ts'
import { environmentsOf } from '../environment.ts'
import { type ChosenPorts, choosePorts } from '../ports.ts'
import { type Child, startChild } from '../run/child.ts'
import { childSpecs } from '../run/child-specs.ts'
import { type KeepDeps, type KeptChild, keepChild } from '../run/kept-child.ts'
import { ensureRedisPassword } from '../secrets/redis-password.ts'
import { prepareStateFolder, type StatePaths, statePaths } from '../state-folder.ts'
import { requireRedis } from './find-redis.ts'
import { readRedisPassword, writeRedisFiles } from './redis-files.ts'
import { answersRedis } from './redis-ready.ts'
import { redisPrefix } from './redis-user.ts'

let folder: string
let paths: StatePaths
let ports: ChosenPorts
let port: number
let server: Child

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-redis-'))
  paths = statePaths(join(folder, 'a state'))
  prepareStateFolder(paths)
  ensureRedisPassword(paths)
  ports = await choosePorts({ public: 0, management: 0 }, { replicas: 1, state: 'redis' })
  port = ports.redis ?? 0
  writeRedisFiles(paths, port)
  await start()
})

afterEach(async () => {
  await server.kill()
  rmSync(folder, { recursive: true })
})

async function findServer(): Promise<string> {
  const found = await requireRedis({ PATH: process.env['PATH'] ?? '' })
  if (!found.ok) throw new Error(found.error)
  return found.value
}

async function start(): Promise<void> {
  const command = await findServer()
  const lines: string[] = []
  server = startChild(
    {
      name: 'redis',
      command,
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

/** As a run starts it, and keeps it. */
async function startAsInRun(): Promise<KeptChild> {
  const root = paths.directory
  const spec = childSpecs({
    root,
    state: paths,
    addresses: addressesOf(ports),
    environments: environmentsOf({ root, state: paths, ports, settings: {} }),
    binaries: { traefik: '', redis: await findServer() },
  }).flat()[0]
  const nothing = () => {}
  const deps: KeepDeps = {
    onLine: nothing,
    onStarted: nothing,
    onReady: nothing,
    onRestart: nothing,
    readyDeadlineMs: 5000,
    pollMs: 5,
    stopGraceMs: 5000,
    watchdog: { intervalMs: 1000, patienceMs: 1000, misses: 3 },
    restartLimit: { restarts: 1, withinMs: 1000 },
    now: () => performance.now(),
  }
  if (spec?.name !== 'redis') throw new Error('a run with Redis starts it first')
  return keepChild(spec, deps)
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
      // The length of what comes next; `$-1` is the whole answer: there is nothing.
      const complete = answers.filter((line) => !/^\$\d/.test(line))
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

it('SES-6 RX.12 knows after SIGKILL what it had confirmed before, also what was written as one', async () => {
  const [key, other, alone] = ['authority', 'events', 'alone'].map(
    (name) => `${redisPrefix}:${name}`,
  )
  // What a script writes is a transaction in the append-only file.
  const script = "redis.call('set',KEYS[1],'revoked') redis.call('set',KEYS[2],'1') return 1"
  const written = await ask(signIn(), `EVAL "${script}" 2 ${key} ${other}`, `SET ${alone} x`)
  expect(written).toEqual(['+OK', ':1', '+OK'])
  await server.kill()
  await start()
  const kept = await ask(signIn(), `GET ${alone}`, `GET ${key}`, `GET ${other}`)
  expect(kept).toEqual(['+OK', 'x', 'revoked', '1'])
})

it('SES-6 starts nothing on a Redis that has left out what it had confirmed', async () => {
  const key = `${redisPrefix}:authority`
  const script = "redis.call('set',KEYS[1],'1') redis.call('set',KEYS[1],'2') return 1"
  expect(await ask(signIn(), `EVAL "${script}" 1 ${key}`)).toEqual(['+OK', ':1'])
  await server.kill()
  const good = await startAsInRun()
  expect(await good.ready).toEqual({ ok: true, value: undefined })
  good.letGo()
  await good.stop()

  const rules = readFileSync(paths.redisUsers, 'utf8')
  writeFileSync(paths.redisUsers, rules.replace(defaultUserAclRule, 'off resetpass -@all'))
  const bad = await startAsInRun()
  const outcome = await bad.ready
  await bad.stop()
  expect(outcome.ok ? '' : outcome.error.what).toContain(`Delete ${paths.redis}`)
})
