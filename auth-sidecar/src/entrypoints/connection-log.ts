// R0.5, R4.4: one structured line an attempt, never a credential, and no flood of lines in a flood of attempts.
// Allowed: info. Refused: debug, with a sum at info now and then. Limit reached: one warning a window and address.

import { addressKey } from '@sallyport/contracts/address-key'
import type { Denial } from '@sallyport/contracts/denials'
import type {
  CredentialWay,
  PendingIdentity,
  StandingIdentity,
} from '@sallyport/contracts/identity'
import { type LineWriter, type Log, lineWriter } from '@sallyport/service-kit/log'
import { printableText } from '@sallyport/service-kit/log-text'
import { createAgedMap } from '../limits/aged-map.ts'
import { createRefusalTally } from '../limits/refusal-tally.ts'

/** What the log is told of a decision. */
export type LoggedDecision = {
  /** Left out: a handshake, or the first message of one. A request is one of an http route. */
  readonly kind?: 'request'
  readonly outcome:
    | {
        readonly ok: true
        readonly value: { readonly identity: StandingIdentity | PendingIdentity }
      }
    | { readonly ok: false; readonly error: Denial }
  readonly clientAddress?: string | undefined
  readonly origin?: string | undefined
  readonly route?: string | undefined
}

export type ConnectionLog = {
  readonly record: (decision: LoggedDecision, requestId: string) => void
  /** Writes the last sum. */
  readonly close: () => void
}

const summaryIntervalMs = 10_000

/** Warnings, and errors, from one summary to the next; more are only counted. */
const maxLoudLines = 100

/** Addresses that are remembered as warned of; a forgotten one is warned of once more. */
const maxWarned = 10_000

const words: Readonly<Record<CredentialWay, string>> = {
  'session-cookie': 'authenticated from cookie',
  'token-cookie': 'authenticated from cookie',
  authorization: 'authenticated from Authorization header',
  subprotocol: 'authenticated from subprotocol',
  ticket: 'authenticated from ticket',
  'first-message': 'authenticated from first message',
}

/** The log of decided handshakes and of refused requests; `now` in milliseconds. */
export function createConnectionLog(log: Log, now: () => number): ConnectionLog {
  const writers = {
    debug: lineWriter(log, 'debug'),
    info: lineWriter(log, 'info'),
    warn: lineWriter(log, 'warn'),
    error: lineWriter(log, 'error'),
  }
  const tally = createRefusalTally()
  const warned = createQuietTimes(now)
  let allowed = 0
  let requests = 0
  let loudLines = 0
  let heldBack = 0

  function summarize(): void {
    const summary = tally.take()
    // Allowed are handshakes only, refused are both: `requests` says how many of them were no handshakes.
    if (summary) log.info({ ...summary, requests, allowed, heldBack }, 'refused')
    allowed = 0
    requests = 0
    loudLines = 0
    heldBack = 0
  }

  /** How loud a refusal is. An outage is not told by address: nobody is to blame there. */
  function writerOf(denial: Denial, address: string): LineWriter | undefined {
    const isLimit = denial.code === 'rate-limited'
    const key = isLimit ? `${denial.reason} ${addressKey(address)}` : ''
    if (isLimit ? warned.isQuiet(key) : denial.code !== 'unavailable') return writers.debug
    if (loudLines >= maxLoudLines) {
      heldBack += 1
      return writers.debug
    }
    loudLines += 1
    if (!isLimit) return writers.error
    warned.silence(key, denial.retryAfterSeconds ?? 60)
    return writers.warn
  }

  const timer = setInterval(summarize, summaryIntervalMs)
  timer.unref()
  return {
    record(decision, requestId) {
      const { outcome, clientAddress } = decision
      if (outcome.ok) {
        allowed += 1
        writeAllowed(writers.info, decision, outcome.value.identity, requestId)
        return
      }
      const denial = outcome.error
      if (decision.kind === 'request') requests += 1
      tally.add(denial.code, denial.reason, clientAddress)
      writeRefused(writerOf(denial, clientAddress ?? ''), decision, denial, requestId)
    },
    close() {
      clearInterval(timer)
      summarize()
    },
  }
}

function writeAllowed(
  write: LineWriter | undefined,
  decision: LoggedDecision,
  identity: StandingIdentity | PendingIdentity,
  requestId: string,
): void {
  if (!write) return
  const start = `${common(decision, requestId)},"route":"${identity.route}","granted":true`
  if (!('subject' in identity)) {
    write(`${start},"pending":true`, 'waits for its first message')
    return
  }
  const { subject, sessionId, way } = identity
  const who = `${text('subject', subject)}${text('sessionId', sessionId)},"way":"${way}"`
  write(`${start}${who}`, words[way])
}

function writeRefused(
  write: LineWriter | undefined,
  decision: LoggedDecision,
  denial: Denial,
  requestId: string,
): void {
  if (!write) return
  const kind = decision.kind ?? 'handshake'
  const start = `${common(decision, requestId)}${text('route', decision.route)},"granted":false`
  const why = `${text('code', denial.code)}${text('reason', denial.reason)}`
  write(`${start},"kind":"${kind}"${why}`, 'refused')
}

/** Route names, ways and request ids are of our own making: they need no escaping. */
function common(decision: LoggedDecision, requestId: string): string {
  const { clientAddress, origin } = decision
  return `,"requestId":"${requestId}"${text('clientAddress', clientAddress)}${text('origin', origin)}`
}

/** Needs no escaping, and is short. */
const plain = /^[\x20\x21\x23\x25-\x5b\x5d-\x7e]{0,256}$/

/** One field as JSON. */
function text(name: string, value: string | undefined): string {
  if (value === undefined) return ''
  if (plain.test(value)) return `,"${name}":"${value}"`
  return `,"${name}":${JSON.stringify(printableText(value))}`
}

/** Keys that have been spoken of, each until its window ends. */
function createQuietTimes(now: () => number) {
  const untilMs = createAgedMap<number>()
  return {
    isQuiet: (key: string) => now() < (untilMs.get(key) ?? 0),
    silence(key: string, seconds: number) {
      untilMs.delete(key)
      const oldest = untilMs.size() >= maxWarned ? untilMs.oldest() : undefined
      if (oldest) untilMs.delete(oldest[0])
      untilMs.set(key, now() + seconds * 1000)
    },
  }
}
