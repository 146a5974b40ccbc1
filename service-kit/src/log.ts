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

/** A logger that writes JSON lines to standard output, or to `stream` in tests. */
export function createLog(
  service: string,
  level: (typeof logLevels)[number],
  stream: DestinationStream = destination({ fd: 1, sync: true }),
): Log {
  const paths = redactedNames.flatMap((name) => [`["${name}"]`, `*["${name}"]`])
  return pino(
    {
      level,
      base: { service },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths, censor: '[redacted]' },
    },
    stream,
  )
}
