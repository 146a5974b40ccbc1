// What a service counts about itself, read off its management listener.

/** The value of a sample without labels in Prometheus' text format; undefined when there is none. Pure. */
export function sampleOf(text: string, name: string): number | undefined {
  for (const line of text.split('\n')) {
    if (!line.startsWith(`${name} `)) continue
    const value = Number(line.slice(name.length).trim().split(' ', 1)[0])
    return Number.isNaN(value) ? undefined : value
  }
  return undefined
}

/** The sum of a sample over several services. Rejects when one of them does not count it. */
export async function sumOfSamples(
  managementOrigins: readonly string[],
  name: string,
): Promise<number> {
  const values = await Promise.all(
    managementOrigins.map(async (origin) => {
      const answer = await fetch(`${origin}/metrics`)
      const value = sampleOf(await answer.text(), name)
      if (value === undefined) throw new Error(`${origin} counts no ${name}`)
      return value
    }),
  )
  return values.reduce((total, value) => total + value, 0)
}
