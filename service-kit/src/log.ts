// One structured line an event. Credentials are redacted by name as a second wall; the first is that nobody logs them.

import { type DestinationStream, destination, type Logger, pino, symbols } from 'pino'
import { createLineBatch } from './line-batch.ts'

export type Log = Logger

/** Levels a service can be set to. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const

const redactedNames = [
  'authorization',
  'cookie',
  'token',
  'ticket',
  'password',
  'secret',
  'set-cookie',
  'sec-websocket-protocol',
]

/** Beyond this many unread bytes lines are dropped: a reader that stalls must not take the service's memory. */
const maxLength = 16 * 1024 * 1024

/** Standard output in batches, flushed at exit; only a process that is killed outright can lose its last lines. */
function standardOutput(): DestinationStream {
  const settings = { fd: 1, sync: false, maxWrite: 64 * 1024, maxLength, contentMode: 'buffer' }
  const output = destination(settings) as unknown as {
    readonly write: (bytes: Buffer) => boolean
    readonly flushSync: () => void
  }
  const batch = createLineBatch((bytes) => output.write(bytes))
  process.once('exit', () => {
    batch.flush()
    output.flushSync()
  })
  return batch
}

/** A logger that writes JSON lines to standard output, or to `stream` in tests. */
export function createLog(
  service: string,
  level: (typeof logLevels)[number],
  stream: DestinationStream = standardOutput(),
): Log {
  const paths = redactedNames.flatMap((name) => [`["${name}"]`, `*["${name}"]`])
  return pino(
    {
      level,
      base: { service },
      timestamp: createClock(),
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths, censor: '[redacted]' },
    },
    stream,
  )
}

/** Writes one line: `fields` is the inside of a JSON object, beginning with a comma. */
export type LineWriter = (fields: string, message: string) => void

/**
 * The fastest way into the same log, for the one line of the hot path: the caller writes its fields as JSON
 * itself, redaction does not apply. Undefined when the level is off.
 */
export function lineWriter(log: Log, level: (typeof logLevels)[number]): LineWriter | undefined {
  if (!log.isLevelEnabled(level)) return undefined
  // pino documents these symbols; each of its own lines begins with the same pieces.
  const inner = log as unknown as {
    readonly [symbols.streamSym]: DestinationStream
    readonly [symbols.timeSym]: () => string
    readonly [symbols.chindingsSym]: string
  }
  const stream = inner[symbols.streamSym]
  const time = inner[symbols.timeSym]
  const bindings = inner[symbols.chindingsSym]
  return (fields, message) => {
    const text = JSON.stringify(message)
    stream.write(`{"level":"${level}"${time()}${bindings}${fields},"msg":${text}}\n`)
  }
}

/** ISO 8601 with milliseconds; what stays the same for a second is formatted once a second. */
function createClock(): () => string {
  let second = -1
  let prefix = ''
  return () => {
    const nowMs = Date.now()
    const nowSecond = Math.floor(nowMs / 1000)
    if (nowSecond !== second) {
      second = nowSecond
      prefix = `,"time":"${new Date(nowSecond * 1000).toISOString().slice(0, -4)}`
    }
    return `${prefix}${`${nowMs % 1000}`.padStart(3, '0')}Z"`
  }
}
