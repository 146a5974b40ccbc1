// The way back after a login: made by the sidecar, followed by the login page. Both check it, because a link to the
// login page can be written by anybody. No parser decides here: what browsers could read in two ways is refused.

const maxReturnPathLength = 2048

/**
 * True for a path, with query, on the same host: one slash at the start, printable ASCII only. Not `//` and not `/\`,
 * which browsers take for another host; not the root, where the login page itself is.
 */
export function isReturnPath(text: string): boolean {
  return text.length <= maxReturnPathLength && /^\/[A-Za-z0-9_~-][\x21-\x5b\x5d-\x7e]*$/.test(text)
}
