// A counter for the hot path: it keeps plain numbers and shows them at a scrape. Its labels are constants
// everywhere; should one not be, they still cannot grow without bound.

import { Counter, type Registry } from '@prometheus-io/client'

/** Series of one counter; what comes after is counted under `other`. */
export const maxSeries = 200

/** The longest value of a label. */
const maxLabelLength = 256

type Labels<Label extends string> = Readonly<Record<Label, string>>
type Series<Label extends string> = { readonly labels: Labels<Label>; count: number }
type Branch<Label extends string> = Map<string, Branch<Label> | Series<Label>>

/** Makes a counter of at most `maxSeries` series and one more for the rest. */
export function boundedCounter<Label extends string>(
  registry: Registry,
  configuration: {
    readonly name: string
    readonly help: string
    readonly labelNames: readonly Label[]
  },
) {
  const { labelNames } = configuration
  const root: Branch<Label> = new Map()
  const all: Series<Label>[] = []
  const others = labelsOf(labelNames, () => 'other')
  const shown: Counter<string> = new Counter({
    ...configuration,
    registers: [],
    collect() {
      shown.reset()
      for (const { labels, count } of all) shown.inc(labels, count)
    },
  })
  registry.registerMetric(shown)

  /** Walks down one label a step; what is missing on the way is made. */
  function find(labels: Labels<Label>): Series<Label> {
    let branch = root
    for (const name of labelNames) {
      const next = branch.get(labels[name])
      if (next === undefined) return add(labels)
      if (!(next instanceof Map)) return next
      branch = next
    }
    return add(others)
  }

  function add(given: Labels<Label>): Series<Label> {
    const values = labelNames.map((name) => given[name])
    const isWithinBounds =
      all.length < maxSeries && values.every(({ length }) => length <= maxLabelLength)
    if (!isWithinBounds && given !== others) return find(others)
    const series = { labels: labelsOf(labelNames, (name) => given[name]), count: 0 }
    const last = values.pop() ?? ''
    let branch = root
    for (const value of values) {
      const next = branch.get(value)
      const child: Branch<Label> = next instanceof Map ? next : new Map()
      branch.set(value, child)
      branch = child
    }
    branch.set(last, series)
    all.push(series)
    return series
  }

  return {
    /** Counts one event. */
    inc(labels: Labels<Label>): void {
      find(labels).count += 1
    },
  }
}

function labelsOf<Label extends string>(
  names: readonly Label[],
  valueOf: (name: Label) => string,
): Labels<Label> {
  return Object.fromEntries(names.map((name) => [name, valueOf(name)])) as Labels<Label>
}
