import { expect, it } from 'vitest'
import { createUnavailableLog } from './unavailable.ts'

it('ERR-1 tells of an outage once a second and counts the rest', () => {
  const lines: object[] = []
  let nowMs = 0
  const report = createUnavailableLog(
    { warn: (line: object) => void lines.push(line) },
    () => nowMs,
  )
  const outage = { requestId: 'a', status: 502, host: 'localhost' }
  for (nowMs = 0; nowMs < 1500; nowMs += 100) report(outage)
  expect(lines).toEqual([
    { ...outage, untold: 0 },
    { ...outage, untold: 9 },
  ])
})
