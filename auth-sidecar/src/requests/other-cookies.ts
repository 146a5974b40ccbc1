// The cookies that are not the gate's: an application keeps its own, and sees no credential of ours.

/** Beside the session and token cookies: `sallyport_signed_in`, `sallyport_device` and their like. */
const ownPrefix = 'sallyport_'

/** The rest of a `Cookie` header; undefined when nothing is left. `ownNames` as they are set, prefix included. */
export function otherCookies(
  cookieHeader: string | undefined,
  ownNames: readonly string[],
): string | undefined {
  if (cookieHeader === undefined) return undefined
  const own = new Set(ownNames.map(bareName))
  const rest = cookieHeader
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '' && isPlain(pair) && !isOwn(pair, own))
  return rest.length > 0 ? rest.join('; ') : undefined
}

/** An application may be laxer about names than we are: any spelling it could take for ours goes. */
function isOwn(pair: string, own: ReadonlySet<string>): boolean {
  const equals = pair.indexOf('=')
  const name = bareName(equals < 0 ? pair : pair.slice(0, equals))
  return own.has(name) || name.startsWith(ownPrefix)
}

function bareName(name: string): string {
  return name
    .trim()
    .replace(/^"|"$/g, '')
    .toLowerCase()
    .replace(/^__(?:host|secure)-/, '')
}

/** Nothing that could not stand in a header again. */
function isPlain(pair: string): boolean {
  return /^[\x20-\x7e]*$/.test(pair)
}
