import { createLog } from '@sallyport/service-kit/log'
import { afterEach, expect, it, vi } from 'vitest'
import { RedisOutage } from '../redis/redis-outage.ts'
import { createOutageReport } from './outage-report.ts'

afterEach(() => void vi.useRealTimers())

function start(unexpectedIntervalMs: number) {
  vi.useFakeTimers({ toFake: ['performance'] })
  const lines: string[] = []
  const log = createLog('auth-sidecar', 'info', { write: (line) => void lines.push(line) })
  const report = createOutageReport(log, 'not decided', unexpectedIntervalMs)
  return { report, told: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

it('ERR-1 LOG-1 tells a known outage once in ten seconds by its kind, with a count and no stack', () => {
  const { report, told } = start(1000)
  for (let index = 0; index < 100; index += 1) report(new RedisOutage('ECONNREFUSED'), `r${index}`)
  report(new RedisOutage('READONLY'), 'other')
  vi.advanceTimersByTime(9999)
  report(new RedisOutage('ECONNREFUSED'))
  expect(told()).toMatchObject([
    { level: 'warn', outage: 'ECONNREFUSED', count: 1, requestId: 'r0', msg: 'not decided' },
    { level: 'warn', outage: 'READONLY', count: 1, requestId: 'other' },
  ])
  vi.advanceTimersByTime(1)
  report(new RedisOutage('ECONNREFUSED'))
  expect(told().at(-1)).toMatchObject({ outage: 'ECONNREFUSED', count: 101 })
  expect(told()).toHaveLength(3)
  expect(JSON.stringify(told())).not.toContain('stack')
})

it('ERR-1 LOG-1 tells what nobody expected with its stack, as often as it may', () => {
  const { report, told } = start(1000)
  for (let index = 0; index < 3; index += 1) report(new Error('a bug'))
  vi.advanceTimersByTime(1000)
  report(new Error('a bug'))
  expect(told()).toHaveLength(2)
  expect(told()[0]).toMatchObject({ level: 'error', err: { stack: expect.any(String) } })
  const always = start(0)
  for (let index = 0; index < 3; index += 1) always.report(new Error('a bug'))
  expect(always.told()).toHaveLength(3)
})
