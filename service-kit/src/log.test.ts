import { expect, it } from 'vitest'
import { createLog, lineWriter } from './log.ts'

/** A log and the lines it wrote. */
function recording(level: 'debug' | 'info') {
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>)
  return { log: createLog('gate', level, { write }), lines }
}

it('R0.5 writes one JSON line an event, with service, level and time', () => {
  const { log, lines } = recording('info')
  log.info({ reason: 'x' }, 'refused')
  log.debug('not at this level')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ service: 'gate', level: 'info', msg: 'refused', reason: 'x' })
  expect(Date.parse(String(lines[0]?.['time']))).toBeGreaterThan(0)
})

it('LOG-2 blanks what is named like a credential, one level deep as well', () => {
  const { log, lines } = recording('info')
  const secret = 'canary'
  log.info({ token: secret, headers: { cookie: secret, authorization: secret }, password: secret })
  expect(JSON.stringify(lines)).not.toContain(secret)
})

it('LOG-3 keeps a line break inside its line', () => {
  const { log, lines } = recording('info')
  log.info({ origin: 'a\r\n{"level":"info","msg":"forged"}' }, 'refused')
  expect(lines).toHaveLength(1)
})

it('R0.5 writes a line of ready fields like any other line of the log', () => {
  const { log, lines } = recording('info')
  const fields = { granted: true, subject: 'alice' }
  log.info(fields, 'authenticated "so"')
  lineWriter(log, 'info')?.(',"granted":true,"subject":"alice"', 'authenticated "so"')
  const [theirs, ours] = lines.map((line) => ({ ...line, time: typeof line['time'] }))
  expect(ours).toEqual(theirs)
  expect(Object.keys(lines[1] ?? {})).toEqual(Object.keys(lines[0] ?? {}))
})

it('R4.4 writes no ready fields at a level that is off', () => {
  const { log } = recording('info')
  expect(lineWriter(log, 'debug')).toBeUndefined()
  expect(lineWriter(log, 'info')).toBeDefined()
})
