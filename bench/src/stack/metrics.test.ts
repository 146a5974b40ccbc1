import { expect, it } from 'vitest'
import { sampleOf } from './metrics.ts'

const text = `# HELP rounds_count Rounds.
# TYPE rounds histogram
rounds_bucket{le="1"} 3
rounds_counted 9
rounds_sum 0.25
rounds_count 4 1700000000
broken NaN
`

it.each([
  ['rounds_count', 4],
  ['rounds_sum', 0.25],
  ['rounds', undefined],
  ['rounds_bucket', undefined],
  ['broken', undefined],
])('of a service’s metrics %s is %s', (name, value) => {
  expect(sampleOf(text, name)).toBe(value)
})
