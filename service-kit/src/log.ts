// One structured line an event. Credentials are redacted by name as a second wall; the first is that nobody logs them.

import { type DestinationStream, destination, type Logger, pino } from 'pino'

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

/** No line waits longer than this. */
const logDelayMs = 50

/** Under load a write for each line would cost more than the line: they go out together from here on. */
const batchBytes = 32 * 1024

/** Beyond this many unread bytes lines are dropped: a reader that stalls must not take the service's memory. */
const maxLength = 16 * 1024 * 1024

/** Standard output in batches, flushed at exit; only a process that is killed outright can lose its last lines. */
const standardOutput = () =>
  destination({
    fd: 1,
    sync: false,
    minLength: batchBytes,
    maxWrite: 2 * batchBytes,
    maxLength,
    periodicFlush: logDelayMs,
  })

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

/**
 * The same log without redaction by name, for lines whose fields are all written out in the code:
 * redaction costs three times the line and would find nothing there.
 */
export function forFixedFields(log: Log): Log {
  return log.child({}, { redact: [] })
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
