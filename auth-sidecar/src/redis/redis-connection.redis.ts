// One connection to Redis that is either fit for use or refuses at once. Nothing waits in a queue for better times and
// nothing is sent twice: who asks is told within about a second. Reconnects by itself, for as long as it takes.

import { isIP } from 'node:net'
import type { Log } from '@sallyport/service-kit/log'
import { Redis } from 'ioredis'
import { createDeadline } from '../handshake/deadline.ts'
import { type RedisVerdict, watchFitness } from './fitness-watch.ts'
import type { RedisAddress } from './redis-address.ts'
import { refused } from './redis-fitness.ts'
import { outageOf, RedisOutage } from './redis-outage.ts'

/** Runs a Lua script; keys first, then the rest. Rejects with a `RedisOutage`. */
export type RedisScript = (
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>

export type RedisConnection = {
  /** Runs what `act` asks of the client. Rejects with a `RedisOutage`, at once while Redis is not fit. */
  readonly run: <Answer>(act: (client: Redis) => Promise<Answer>) => Promise<Answer>
  /** Makes a script that is sent once a connection and then named by its sum; `name` is of our own. */
  readonly script: (name: string, lua: string) => RedisScript
  readonly isReady: () => boolean
  /** Called whenever `isReady` changes. */
  readonly onReadiness: (listener: (isReady: boolean) => void) => void
  /** Called with what is published on channels that were subscribed to. */
  readonly onMessage: (listener: (message: string) => void) => void
  readonly close: () => Promise<void>
}

export type RedisConnectionOptions = {
  readonly address: RedisAddress
  readonly password: string | undefined
  /** Shown by `CLIENT LIST`, and in the log. */
  readonly name: string
  readonly log: Log
}

const commandTimeoutMs = 1000
const checkIntervalMs = 1000
const maxReconnectDelayMs = 1000

/**
 * Opens a connection. Rejects when Redis is there and would have to be set otherwise; resolves, not ready, when it is
 * not there.
 */
export async function openRedisConnection(
  options: RedisConnectionOptions,
): Promise<RedisConnection> {
  const { connection, first } = connect(options)
  const verdict = await first
  if (verdict.state !== 'unfit' || verdict.fault.isPassing) return connection
  await connection.close()
  throw new Error(`Redis cannot be used: ${verdict.fault.remedy}`)
}

function connect(options: RedisConnectionOptions) {
  const client = createClient(options)
  const deadline = createDeadline(commandTimeoutMs)
  const listeners: ((isReady: boolean) => void)[] = []
  const first = Promise.withResolvers<RedisVerdict>()
  let verdict: RedisVerdict = { state: 'unreachable', code: 'connecting' }
  let told = ''
  const isReady = () => verdict.state === 'fit'

  function settle(next: RedisVerdict): void {
    const wasReady = isReady()
    verdict = next
    first.resolve(next)
    if (told !== nameOf(next)) tell(options, next)
    told = nameOf(next)
    if (wasReady !== isReady()) for (const listener of listeners) listener(isReady())
  }

  const { suspect, stop } = followClient(client, settle)

  async function run<Answer>(act: (client: Redis) => Promise<Answer>): Promise<Answer> {
    if (verdict.state === 'unreachable') throw new RedisOutage(verdict.code)
    if (verdict.state === 'unfit') throw new RedisOutage(verdict.fault.reason)
    try {
      // The client's own limit begins when a command is sent; one that waits for a batch to return waits twice.
      return await deadline.within(act(client))
    } catch (error) {
      suspect()
      throw outageOf(error)
    }
  }

  const connection: RedisConnection = {
    run,
    script: (name, lua) => defineScript(client, name, lua, run),
    isReady,
    onReadiness: (listener) => void listeners.push(listener),
    onMessage: (listener) => void client.on('message', (_channel, text) => listener(text)),
    async close() {
      await stop()
      settle({ state: 'unreachable', code: 'closed' })
      deadline.close()
    },
  }
  return { connection, first: first.promise }
}

function createClient({ address, password, name }: RedisConnectionOptions): Redis {
  const { host, port, isTls, username } = address
  return new Redis({
    host,
    port,
    ...(isTls && { tls: isIP(host) === 0 ? { servername: host } : {} }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    connectionName: name,
    disableClientInfo: true,
    connectTimeout: commandTimeoutMs,
    commandTimeout: commandTimeoutMs,
    // A peer that is silent for longer is gone, whatever TCP thinks of it; commands and checks keep it talking.
    socketTimeout: 2 * commandTimeoutMs,
    disconnectTimeout: 200,
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // Ours says more, and the client's writes to standard error.
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempts) =>
      Math.min(maxReconnectDelayMs, 25 * 2 ** Math.min(attempts, 10)) * (0.5 + Math.random() / 2),
  })
}

/** Turns the client's events into verdicts, until it is stopped. */
function followClient(client: Redis, settle: (verdict: RedisVerdict) => void) {
  let isClosed = false
  let isRefused = false
  const info = () => client.info()
  const watch = watchFitness({ info, onVerdict: settle, intervalMs: checkIntervalMs })
  client.on('ready', () => {
    isRefused = false
    if (!isClosed) watch.check()
  })
  client.on('error', (error: unknown) => {
    if (isClosed) return
    const { code } = outageOf(error)
    isRefused = code === 'WRONGPASS' || code === 'NOAUTH'
    if (isRefused) settle({ state: 'unfit', fault: refused })
    else if (client.status !== 'ready') settle({ state: 'unreachable', code })
  })
  client.on('close', () => {
    watch.pause()
    if (!isRefused && !isClosed) settle({ state: 'unreachable', code: 'disconnected' })
  })
  client.on('end', () => {
    // The client gives up when a connection could not even be begun; we never do.
    setTimeout(() => {
      if (!isClosed) client.connect().catch(() => undefined)
    }, maxReconnectDelayMs).unref()
  })

  async function stop(): Promise<void> {
    isClosed = true
    watch.pause()
    const isThere = ['connecting', 'connect', 'ready'].includes(client.status)
    const ended = new Promise<void>((resolve) => client.once('end', resolve))
    client.disconnect()
    if (isThere) await ended
  }

  return { suspect: watch.suspect, stop }
}

function defineScript(
  client: Redis,
  name: string,
  lua: string,
  run: RedisConnection['run'],
): RedisScript {
  client.defineCommand(name, { lua })
  return (keys, args) =>
    run((target) => {
      const scripts = target as unknown as Record<
        string,
        ((...all: (string | number)[]) => Promise<unknown>) | undefined
      >
      return scripts[name]?.(keys.length, ...keys, ...args) ?? Promise.reject(corruptName(name))
    })
}

const corruptName = (name: string) => new Error(`no such script: ${name}`)

const nameOf = (verdict: RedisVerdict): string =>
  verdict.state === 'unfit' ? verdict.fault.reason : verdict.state

function tell({ log, name }: RedisConnectionOptions, verdict: RedisVerdict): void {
  if (verdict.state === 'fit') return log.info({ name }, 'Redis can be used')
  if (verdict.state === 'unreachable') {
    if (verdict.code === 'closed') return
    return log.warn({ name, code: verdict.code }, 'Redis cannot be reached: all are refused')
  }
  const { reason, remedy } = verdict.fault
  log.error({ name, reason, remedy }, 'Redis cannot be used: all are refused')
}
