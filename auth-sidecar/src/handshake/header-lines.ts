// A subrequest's header lines → one value a name that is asked for. Everything else a client sends is not looked at.
// Duplicates are refused, because parsers disagree on which one counts; Node's merged object would have lost them.

/** Header lines as they came: name, value, name, value …, names in lower case (HTTP/2). */
export type HeaderLines = readonly string[]

/** The values of the asked names; undefined when one of them stands twice. */
export type HeaderReader<Key extends string> = (
  lines: HeaderLines,
) => Readonly<Record<Key, string | undefined>> | undefined

/**
 * Prepares the reading of these names, each under a key of the caller's: one look-up a line. `cookie` may stand several
 * times, see below.
 */
export function createHeaderReader<Key extends string>(
  names: Readonly<Record<Key, string>>,
): HeaderReader<Key> {
  const keys = Object.keys(names) as Key[]
  const keyOf = new Map<string, Key>(keys.map((key) => [names[key], key]))
  const cookieKey = keyOf.get('cookie')
  // Copied for each request: objects of one shape from the start, whichever headers come, read faster.
  const nothing = Object.fromEntries(keys.map((key) => [key, undefined])) as Record<Key, undefined>

  return (lines) => {
    const values: Record<Key, string | undefined> = { ...nothing }
    for (let index = 0; index + 1 < lines.length; index += 2) {
      const key = keyOf.get(lines[index] ?? '')
      if (key === undefined) continue
      const value = lines[index + 1] ?? ''
      const earlier = values[key]
      if (earlier === undefined) values[key] = value
      // Go splits one Cookie into several lines over HTTP/2 (RFC 9113 8.2.3): joined again. Two Cookie headers of a
      // client look the same from here; what matters is refused later: a cookie of ours that stands twice.
      else if (key === cookieKey) values[key] = `${earlier}; ${value}`
      else return undefined
    }
    return values
  }
}
