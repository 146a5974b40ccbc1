// How often a child may be started again.

import { expect, it } from 'vitest'
import { createRestartBudget } from './restart-budget.ts'

it('gives five restarts a minute and no sixth, and again what a minute has given back', () => {
  let nowMs = 1000
  const budget = createRestartBudget({ restarts: 5, withinMs: 60_000 }, () => nowMs)
  const taken = Array.from({ length: 6 }, () => {
    nowMs += 1000
    return budget.take()
  })
  expect(taken).toEqual([true, true, true, true, true, false])
  nowMs += 54_000
  expect(budget.take()).toBe(false)
  nowMs += 1000
  expect([budget.take(), budget.take()]).toEqual([true, false])
})
