// Measurements → the table for people and the JSON for whoever compares runs. Pure.

import type { Spread } from './measure.ts'

/** What a figure is held against. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number }

/** One row. `value` and `spread` are null when the figure could not be taken, and then `note` says why. */
export type Measurement = {
  readonly id: string
  readonly unit: string
  /** Which listener was asked, and how it logged. */
  readonly at: string
  readonly value: number | null
  readonly spread: readonly [number, number] | null
  readonly goal: Goal | null
  readonly note?: string
}

/** What a figure is, before there is one. */
export type Figure = Pick<Measurement, 'id' | 'unit' | 'at' | 'goal'>

/** The row of a figure that was taken. */
export function measured(figure: Figure, { median, low, high }: Spread): Measurement {
  return { ...figure, value: median, spread: [low, high] }
}

/** The row of a figure that could not be taken, with the reason in a sentence. */
export function notMeasured(figure: Figure, note: string): Measurement {
  return { ...figure, value: null, spread: null, note }
}

/** Whether the goal is met; null without a goal or without a value. */
export function holds({ value, goal }: Pick<Measurement, 'value' | 'goal'>): boolean | null {
  if (goal === null || value === null) return null
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost
}

/** Whether every goal is met; a figure with a goal that could not be taken counts as missed. */
export function allHold(measurements: readonly Measurement[]): boolean {
  return measurements.every((measurement) => measurement.goal === null || holds(measurement))
}

/** The file's text: one object a figure, `goal` as a sentence of sign and number. */
export function toJson(measurements: readonly Measurement[]): string {
  const rows = measurements.map((measurement) => {
    const { id, value, unit, at, goal, spread, note } = measurement
    const common = { id, value: rounded(value), unit, at, goal: goalText(goal) }
    return {
      ...common,
      holds: holds(measurement),
      spread: spread && spread.map(rounded),
      ...(note && { note }),
    }
  })
  return `${JSON.stringify(rows, null, 2)}\n`
}

const heads = ['id', 'value', 'goal', 'holds', 'spread', 'unit', 'at']

/** The aligned table, with a line below it for each figure that could not be taken. */
export function toTable(measurements: readonly Measurement[]): string {
  const rows = [heads, ...measurements.map(cellsOf)]
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const notes = measurements.flatMap(({ id, note }) => (note ? [`${id}: ${note}`] : []))
  return [...lines, ...(notes.length > 0 ? ['', ...notes] : []), ''].join('\n')
}

function cellsOf(measurement: Measurement): string[] {
  const { id, value, unit, at, goal, spread } = measurement
  const verdict = holds(measurement)
  return [
    id,
    number(value),
    goalText(goal) ?? '–',
    verdict === null ? '–' : verdict ? 'yes' : 'no',
    spread ? `${number(spread[0])}–${number(spread[1])}` : '–',
    unit,
    at,
  ]
}

function goalText(goal: Goal | null): string | null {
  if (goal === null) return null
  return 'atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`
}

function number(value: number | null): string {
  return value === null ? '–' : value.toFixed(value < 10 ? 3 : 1)
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toFixed(4))
}
