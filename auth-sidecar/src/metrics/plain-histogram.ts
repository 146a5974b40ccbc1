// A histogram for the hot path: an observation adds to three numbers; what a scrape wants is put together then.

import type { Metric, MetricValueWithName, Registry } from '@prometheus-io/client'

/** Makes a histogram without labels; `buckets` are upper bounds, ascending. */
export function plainHistogram(
  registry: Registry,
  configuration: {
    readonly name: string
    readonly help: string
    readonly buckets: readonly number[]
  },
) {
  const { name, help, buckets } = configuration
  const counts = new Float64Array(buckets.length + 1)
  let sum = 0

  function values(): MetricValueWithName<string>[] {
    let count = 0
    const upTo = [...buckets, '+Inf'].map((le, index) => {
      count += counts[index] ?? 0
      return { metricName: `${name}_bucket`, labels: { le }, value: count }
    })
    const total = { metricName: `${name}_count`, labels: {}, value: count }
    return [...upTo, { metricName: `${name}_sum`, labels: {}, value: sum }, total]
  }

  // The registry asks a metric for its name and its values, and for nothing else.
  const shown = {
    name,
    get: async () => ({ name, help, type: 'histogram', aggregator: 'sum', values: values() }),
  }
  registry.registerMetric(shown as unknown as Metric<string>)

  return {
    /** Adds one observation. */
    observe(value: number): void {
      let index = 0
      while (index < buckets.length && value > (buckets[index] ?? 0)) index += 1
      counts[index] = (counts[index] ?? 0) + 1
      sum += value
    },
  }
}
