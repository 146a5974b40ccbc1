// A real redis-server for tests: on a free loopback port, with a temporary folder of its own. Can be ill in the ways
// that a server can be ill. The operator's side of it (`command`) is a user of its own that no test locks out.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'

const missing =
  'these tests need redis-server, 7.0 or newer, on PATH (Debian: apt-get install redis-server)'
const operator = { username: 'operator', password: 'of-the-test' }

export type TestRedis = {
  readonly port: number
  /** Without a password; `user` is put in front of the host. */
  readonly url: (user?: string) => string
  /** Runs a command as the operator. */
  readonly command: (name: string, ...args: (string | number)[]) => Promise<unknown>
  readonly config: (name: string, value: string | number) => Promise<void>
  /** Stops answering without closing anything; `resume` undoes it. */
  readonly pause: () => void
  readonly resume: () => void
  /** Ends the process; what it held is lost unless it was saved. */
  readonly stop: () => Promise<void>
  /** Starts it again after `stop`, on the same port, with what was saved. */
  readonly start: () => Promise<void>
  readonly restartEmpty: () => Promise<void>
  /** Saves what it holds, for `restore`. */
  readonly save: () => Promise<void>
  /** Restarts with what was saved last. */
  readonly restore: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Starts one. Rejects with a sentence that says what to do when there is none to start. */
export async function startRedis(settings: readonly string[] = []): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-redis-'))
  const port = await freePort()
  const [dump, saved] = [join(folder, 'dump.rdb'), join(folder, 'saved.rdb')]
  const removeFolder = () => rmSync(folder, { recursive: true, force: true })
  let server = await run(port, folder, settings).catch((error: unknown) => {
    removeFolder()
    throw error
  })
  const client = operatorOf(port)
  const killAtExit = () => void server.kill('SIGKILL')
  process.once('exit', killAtExit)
  await client.ping()

  async function stop(): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
  }
  async function start(): Promise<void> {
    server = await run(port, folder, settings)
    await client.ping()
  }
  async function restart(): Promise<void> {
    await stop()
    rmSync(dump, { force: true })
    if (existsSync(saved)) copyFileSync(saved, dump)
    await start()
  }

  return {
    port,
    url: (user) => `redis://${user === undefined ? '' : `${user}@`}127.0.0.1:${port}/0`,
    command: (name, ...args) => client.call(name, ...args),
    config: async (name, value) => void (await client.call('CONFIG', 'SET', name, value)),
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    stop,
    start,
    async restartEmpty() {
      rmSync(saved, { force: true })
      await restart()
    },
    async save() {
      await client.call('SAVE')
      copyFileSync(dump, saved)
    },
    restore: restart,
    async close() {
      client.disconnect()
      await stop()
      process.off('exit', killAtExit)
      removeFolder()
    },
  }
}

async function run(port: number, folder: string, settings: readonly string[]) {
  const args = [
    ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder],
    ['--save', '', '--appendonly', 'no', '--enable-debug-command', 'yes'],
    ['--user', operator.username, 'on', `>${operator.password}`, '~*', '&*', '+@all'],
    settings,
  ].flat()
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  await untilReady(server)
  return server
}

async function untilReady(server: ChildProcess): Promise<void> {
  const lines = createInterface({ input: server.stdout as NodeJS.ReadableStream })
  const failed = new Promise<never>((_resolve, reject) => {
    server.once('error', () => reject(new Error(missing)))
    server.once('exit', () => reject(new Error('redis-server ended before it was ready')))
  })
  const ready = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      if (line.includes('Ready to accept connections')) resolve()
    })
  })
  await Promise.race([ready, failed])
  failed.catch(() => undefined)
}

function operatorOf(port: number): Redis {
  const client = new Redis({
    host: '127.0.0.1',
    port,
    ...operator,
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
  })
  // Between `stop` and `start` there is nobody to talk to; commands wait for the next server.
  client.on('error', () => undefined)
  return client
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
