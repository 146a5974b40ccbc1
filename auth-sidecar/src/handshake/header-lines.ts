// A subrequest's header lines → one value a name that is asked for. Everything else a client sends is not looked at.
// Duplicates are refused, because parsers disagree on which one counts; Node's merged object would have lost them.

/** Header lines as they came: name, value, name, value …, names in lower case (HTTP/2). */
export type HeaderLines = readonly string[]

/** The values of the asked names in their order; undefined when one of them stands twice. */
export type HeaderReader<Names extends readonly string[]> = (
  lines: HeaderLines,
) => { readonly [Index in keyof Names]: string | undefined } | undefined

/** Prepares the reading of these names: one look-up a line. `cookie` may stand several times, see below. */
export function createHeaderReader<const Names extends readonly string[]>(
  names: Names,
): HeaderReader<Names> {
  const placeOf = new Map(names.map((name, place) => [name, place]))
  const cookiePlace = placeOf.get('cookie') ?? -1

  return (lines) => {
    const values = Array<string | undefined>(names.length).fill(undefined)
    for (let index = 0; index + 1 < lines.length; index += 2) {
      const place = placeOf.get(lines[index] ?? '')
      if (place === undefined) continue
      const value = lines[index + 1] ?? ''
      const earlier = values[place]
      if (earlier === undefined) values[place] = value
      // Go splits one Cookie into several lines over HTTP/2 (RFC 9113 8.2.3): joined again. Two Cookie headers of a
      // client look the same from here; what matters is refused later: a cookie of ours that stands twice.
      else if (place === cookiePlace) values[place] = `${earlier}; ${value}`
      else return undefined
    }
    return values as { [Index in keyof Names]: string | undefined }
  }
}
