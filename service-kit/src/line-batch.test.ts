import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createLineBatch } from './line-batch.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function recording() {
  const sent: Buffer[] = []
  const batch = createLineBatch((bytes) => void sent.push(bytes))
  return { batch, sent, text: () => Buffer.concat(sent).toString() }
}

it('LOG-1 sends lines together, in order, and none later than its delay', () => {
  const { batch, sent, text } = recording()
  batch.write('one\n')
  batch.write('zwölf, 漢字\n')
  expect(sent).toHaveLength(0)
  vi.advanceTimersByTime(50)
  expect(sent).toHaveLength(1)
  expect(text()).toBe('one\nzwölf, 漢字\n')
})

it('LOG-1 loses and mixes nothing, however long the lines are and whatever was sent is kept', () => {
  const { batch, text } = recording()
  const lines = Array.from({ length: 300 }, (_, index) => {
    const piece = index % 2 ? '漢' : 'x'
    return `${index} ${piece.repeat((index * 97) % 9000)}\n`
  })
  for (const line of lines) batch.write(line)
  batch.flush()
  expect(text()).toBe(lines.join(''))
})

it('R4.4 sends under load by size, not by line', () => {
  const { batch, sent } = recording()
  for (let count = 0; count < 1000; count += 1) batch.write(`${'x'.repeat(299)}\n`)
  batch.flush()
  expect(sent.length).toBeLessThanOrEqual(10)
})
