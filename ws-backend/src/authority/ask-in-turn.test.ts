// What happens to the others when a batch fails, and to the one that makes it fail.

import { maxIdentitiesPerCheck } from '@sallyport/contracts/authority-questions'
import { createLog } from '@sallyport/service-kit/log'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createAskInTurn } from './ask-in-turn.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function make(ask: (batch: readonly number[]) => readonly number[]) {
  const stopping = new AbortController()
  const asked: (readonly number[])[] = []
  const askInTurn = createAskInTurn<number>({
    ask: async (batch) => {
      asked.push(batch)
      return ask(batch)
    },
    random: () => 1,
    stopped: stopping.signal,
    log: createLog('ws-backend', 'error', { write: () => {} }),
  })
  return { askInTurn, asked, stop: () => stopping.abort() }
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('questions in batches', () => {
  it('SES-5 go on with the others when one fails, and come back to it', async () => {
    let failures = 1
    const answered: number[] = []
    const { askInTurn, asked } = make((batch) => {
      failures -= 1
      if (failures >= 0) throw new Error('outage')
      answered.push(...batch)
      return []
    })
    const done = askInTurn(numbers(maxIdentitiesPerCheck + 1))
    await vi.advanceTimersByTimeAsync(100)
    expect(await done).toEqual({ left: [], answers: 3 })
    expect(asked.map(({ length }) => length)).toEqual([100, 1, 50, 50])
    expect(answered.toSorted((a, b) => a - b)).toEqual(numbers(101))
  })

  it('SES-5 one that always fails stops nobody else, and is left over', async () => {
    const answered = new Set<number>()
    const { askInTurn } = make((batch) => {
      if (batch.includes(42)) throw new Error('cannot judge')
      for (const one of batch) answered.add(one)
      return []
    })
    const done = askInTurn(numbers(250))
    await vi.advanceTimersByTimeAsync(5000)
    expect((await done).left).toEqual([42])
    expect(answered.size).toBe(249)
  })

  it('one without an answer among the others is left over at once', async () => {
    const { askInTurn, asked } = make((batch) => batch.filter((one) => one === 1))
    expect([await askInTurn(numbers(3)), asked.length]).toEqual([{ left: [1], answers: 1 }, 1])
  })

  it('are left over when nobody answers for long, so that whoever came since is asked about too', async () => {
    const { askInTurn, asked } = make(() => {
      throw new Error('outage')
    })
    const done = askInTurn(numbers(1))
    await vi.advanceTimersByTimeAsync(60_000)
    expect([await done, asked.length]).toEqual([{ left: [0], answers: 0 }, 8])
  })

  it('end when they are stopped', async () => {
    const { askInTurn, stop } = make(() => {
      throw new Error('outage')
    })
    const done = askInTurn(numbers(300))
    await vi.advanceTimersByTimeAsync(1)
    stop()
    await done
    expect(vi.getTimerCount()).toBe(0)
  })
})
