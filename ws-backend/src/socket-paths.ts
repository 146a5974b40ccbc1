// At which paths sockets stand. The gate has judged the path and signed for the route; `*` leaves it at that, because
// routes come and go while the backend runs. A list is for whoever wants a backend to be exact as well.

export type SocketPaths = {
  /** For upgrades. */
  readonly isSocketPath: (path: string) => boolean
  /** For the question "would an upgrade be let in?": the socket's path and `/probe`. */
  readonly isProbePath: (path: string) => boolean
}

/** Says of any route "leave it to the gate". */
export const anyPath = '*'

const form = /^(?:\/[A-Za-z0-9._~-]+)+$/
const probeSuffix = '/probe'

/** True for a path that can be configured: plain segments, no escapes, no dot segments, no slash at the end. */
export function isPlainPath(path: string): boolean {
  return form.test(path) && !/\/\.{1,2}(?:\/|$)/.test(path)
}

/** Builds the judges of a list of paths, each compared as text. */
export function createSocketPaths(paths: readonly string[]): SocketPaths {
  const known = new Set(paths)
  const isSocketPath = known.has(anyPath) ? isPlainPath : (path: string) => known.has(path)
  return {
    isSocketPath,
    isProbePath: (path) =>
      path.endsWith(probeSuffix) && isSocketPath(path.slice(0, -probeSuffix.length)),
  }
}
