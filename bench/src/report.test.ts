import { describe, expect, it } from 'vitest'
import { allHold, holds, measured, notMeasured, toJson, toTable } from './report.ts'

const ratio = { id: 'a.ratio', unit: 'ratio', at: 'sidecar', goal: { atLeast: 0.8 } } as const
const seconds = { id: 'b.seconds', unit: 's', at: 'all', goal: { atMost: 10 } } as const
const reported = { id: 'c', unit: 'ratio', at: 'sidecar', goal: null } as const
const spread = (median: number) => ({ median, low: median - 0.1, high: median + 0.1 })

describe('the report', () => {
  it.each([
    [ratio, 0.8, true],
    [ratio, 0.799, false],
    [seconds, 10, true],
    [seconds, 10.1, false],
    [reported, 0.1, null],
  ])('%j with %d holds: %s', (figure, value, expected) => {
    expect(holds(measured(figure, spread(value)))).toBe(expected)
  })

  it('a figure with a goal that could not be taken does not hold', () => {
    expect(allHold([measured(ratio, spread(0.9)), notMeasured(reported, 'no tool')])).toBe(true)
    expect(allHold([measured(ratio, spread(0.9)), notMeasured(seconds, 'no tool')])).toBe(false)
    expect(allHold([measured(ratio, spread(0.7))])).toBe(false)
  })

  it('writes one object a figure', () => {
    expect(JSON.parse(toJson([measured(ratio, spread(0.81234567))]))).toEqual([
      {
        id: 'a.ratio',
        value: 0.8123,
        unit: 'ratio',
        at: 'sidecar',
        goal: '≥ 0.8',
        holds: true,
        spread: [0.7123, 0.9123],
      },
    ])
    expect(JSON.parse(toJson([notMeasured(reported, 'no tool')]))).toEqual([
      {
        id: 'c',
        value: null,
        unit: 'ratio',
        at: 'sidecar',
        goal: null,
        holds: null,
        spread: null,
        note: 'no tool',
      },
    ])
  })

  it('aligns the table and says below it what could not be taken', () => {
    const table = toTable([measured(ratio, spread(0.75)), notMeasured(seconds, 'no tool')])
    expect(table.split('\n')).toEqual([
      'id         value  goal   holds  spread       unit   at',
      'a.ratio    0.750  ≥ 0.8  no     0.650–0.850  ratio  sidecar',
      'b.seconds  –      ≤ 10   –      –            s      all',
      '',
      'b.seconds: no tool',
      '',
    ])
  })
})
