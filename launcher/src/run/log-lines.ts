// Turns the services' JSON log lines into lines for people. Pure. Log content is not trusted:
// control characters never reach the terminal.

import { stripVTControlCharacters } from 'node:util'
import pc from 'picocolors'
import { instanceNames, type ServiceName } from '../topology.ts'

const widest = Math.max(...instanceNames.map((name) => name.length))
const levelNames = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
/** Said by the prefix already, or of no use to a reader. */
const left = new Set(['service', 'time', 'level', 'msg', 'message', 'pid', 'hostname'])

/** Builds the formatter; without colours its lines are plain text. */
export function createLineFormatter(colors: boolean) {
  const paint = pc.createColors(colors)
  const serviceColors: Readonly<Record<ServiceName, (text: string) => string>> = {
    'auth-sidecar': paint.magenta,
    'ws-backend': paint.cyan,
    frontend: paint.green,
    traefik: paint.blue,
    redis: paint.red,
  }
  const colorOf = (name: string) =>
    Object.entries(serviceColors).find(([service]) => name.startsWith(service))?.[1] ?? String
  const levelColors: Readonly<Record<string, (text: string) => string>> = {
    warn: paint.yellow,
    error: paint.red,
    fatal: paint.red,
    debug: paint.dim,
    trace: paint.dim,
  }

  return function formatLine(service: string, raw: string): string {
    const name = colorOf(service)(service.padEnd(widest))
    const entry = parseEntry(raw)
    if (!entry) return `${name}  ${clean(raw)}`
    const level = levelOf(entry['level'])
    const shownLevel = (levelColors[level] ?? String)(level.padEnd(5))
    const message = clean(textOf(entry['msg'] ?? entry['message'] ?? ''))
    const pairs = Object.entries(entry)
      .filter(([key]) => !left.has(key))
      .map(([key, value]) => paint.dim(`${clean(key)}=${clean(textOf(value))}`))
    const words = [message, ...pairs].filter((word) => word !== '').join(' ')
    return `${paint.dim(clockOf(entry['time']))} ${shownLevel} ${name}  ${words}`
  }
}

/** The time a raw line carries, in milliseconds; undefined when it carries none. */
export function timeOf(raw: string): number | undefined {
  const time = parseEntry(raw)?.['time']
  const parsed = typeof time === 'string' ? Date.parse(time) : Number(time ?? Number.NaN)
  return Number.isNaN(parsed) ? undefined : parsed
}

function parseEntry(raw: string): Record<string, unknown> | undefined {
  if (!raw.startsWith('{')) return undefined
  try {
    return JSON.parse(raw) as Record<string, unknown>
  } catch {
    return undefined
  }
}

function levelOf(level: unknown): string {
  if (typeof level === 'string') return clean(level)
  // pino's numbers are tens: 10 is trace.
  return typeof level === 'number' ? (levelNames[Math.round(level / 10) - 1] ?? `${level}`) : ''
}

function clockOf(time: unknown): string {
  const isTime = typeof time === 'string' || typeof time === 'number'
  const date = new Date(isTime ? time : Number.NaN)
  if (Number.isNaN(date.getTime())) return '--:--:--'
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()]
  return parts.map((part) => `${part}`.padStart(2, '0')).join(':')
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return JSON.stringify(value) ?? ''
}

function clean(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trimEnd()
}
