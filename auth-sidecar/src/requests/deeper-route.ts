// Routes below a route have rules of their own, and an application that reads paths laxly would serve what is theirs
// under the rules above: `/app/ADMIN` for `/app/admin`. What such an application may read is compared here; Traefik
// compares letter by letter. Knows routes and text, nothing of who asks.

import type { Route } from '@sallyport/contracts/policy'

type Place = Pick<Route, 'kind' | 'path' | 'hosts'>

/** What was asked for: `path` without query, `host` as `X-Forwarded-Host` has it, its form checked. */
type Asked = { readonly path: string; readonly host: string }

/**
 * True when a lax reading of the path lies at or below a deeper http route of the same host, and the path itself does
 * not: Traefik did not take it there. `judged` is the route it did take it to.
 */
export function isReadAsDeeper(asked: Asked, judged: Place, routes: readonly Place[]): boolean {
  const name = asked.host.replace(/:\d{1,5}$/, '').toLowerCase()
  // As Traefik does: a route that names hosts comes before any that takes every host.
  const isOpen = (route: Place) =>
    route.hosts.length === 0 ? judged.hosts.length === 0 : route.hosts.includes(name)
  const others = routes.filter(
    (route) =>
      route.kind === 'http' &&
      route.path.length > judged.path.length &&
      isOpen(route) &&
      !isAtOrBelow(asked.path, route.path),
  )
  if (others.length === 0) return false
  const read = foldPath(asked.path)
  const above = foldPath(judged.path)
  return others.some((route) => {
    const path = foldPath(route.path)
    return path !== above && isAtOrBelow(path, above) && isAtOrBelow(read, path)
  })
}

/** Compared as text. */
export function isAtOrBelow(path: string, parent: string): boolean {
  return path === parent || path.startsWith(parent === '/' ? parent : `${parent}/`)
}

/**
 * The most forgiving reading of a path: decoded once, without what follows a semicolon, blanks and dots at the end of
 * a segment, empty segments and dot segments, whatever the case.
 */
export function foldPath(path: string): string {
  const folded: string[] = []
  for (const segment of path.split('/')) {
    const plain = plainSegment(segment)
    if (plain === '..') folded.pop()
    const name = withoutEnd(plain)
    if (name !== '') folded.push(sameCase(name))
  }
  return `/${folded.join('/')}`
}

/** A segment decoded once, without its parameters and the blanks at its end. */
export function plainSegment(segment: string): string {
  return decodeOnce(segment).replace(/;.*$/s, '').trimEnd()
}

/** Without dots and blanks at its end. By hand: a pattern for it takes quadratic time over many dots. */
function withoutEnd(text: string): string {
  let length = text.length
  while (length > 0 && '. \t\r\n\v\f'.includes(text.charAt(length - 1))) length -= 1
  return text.slice(0, length)
}

/** Never throws: what is no UTF-8 becomes a replacement character, which no route's path has. */
function decodeOnce(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString(),
  )
}

/** In both directions: some letters outside of ASCII have a partner inside in one of them only. */
function sameCase(text: string): string {
  return text.toUpperCase().toLowerCase()
}
