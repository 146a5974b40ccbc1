// What issuers say about each other: each stands once, and no two could mean different people by one name.

import { maxPrefixLength, type Policy, type TrustedIssuer } from '../policy.ts'
import type { Path } from './read-yaml.ts'

/** What stands before an issuer's names when the file does not say: `login.example.org:`. */
export function defaultPrefix(issuer: string): string {
  return `${URL.parse(issuer)?.host ?? ''}:`
}

/** Tells `add` everything that is wrong between issuers, or with their addresses in this mode. */
export function checkIssuers(
  { issuers }: Pick<Policy, 'issuers'>,
  mode: 'development' | 'production',
  add: (path: Path, message: string) => void,
): void {
  const seen: TrustedIssuer[] = []
  for (const [index, trusted] of issuers.entries()) {
    const { issuer, keySetUrl } = trusted
    const isTwice = seen.some((other) => other.issuer === issuer)
    if (isTwice) add(['issuers', index, 'issuer'], 'this issuer stands here already')
    const prefixFault = isTwice ? undefined : faultOfPrefix(trusted, seen)
    if (prefixFault !== undefined) add(['issuers', index, 'prefix'], prefixFault)
    seen.push(trusted)
    for (const [member, url] of Object.entries({ issuer, keySetUrl })) {
      const fault = faultOfUrl(url, mode)
      if (fault !== undefined) add(['issuers', index, member], fault)
    }
  }
}

function faultOfUrl(url: string, mode: 'development' | 'production'): string | undefined {
  if (url.startsWith('https:')) return undefined
  if (mode === 'production') return 'must be https in production'
  return isOnThisMachine(url)
    ? undefined
    : 'must be https: plain http is for localhost, 127.x and [::1] only'
}

/** True for a URL whose host no network can answer for: what comes over plain http from elsewhere is anybody's word. */
export function isOnThisMachine(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? ''
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

function faultOfPrefix(
  { prefix }: TrustedIssuer,
  others: readonly TrustedIssuer[],
): string | undefined {
  if (prefix.length > maxPrefixLength) {
    return `is missing, and the host is too long to stand in for it: at most ${maxPrefixLength} characters`
  }
  const twin = others.find((other) => couldMeet(prefix, other.prefix))
  if (!twin) return undefined
  return `${JSON.stringify(prefix)} cannot be told from ${JSON.stringify(twin.prefix)} of ${twin.issuer}: give one of them another`
}

/** A name with one prefix could read like a name with the other. Empty is said on purpose. */
function couldMeet(a: string, b: string): boolean {
  return a !== '' && b !== '' && (a.startsWith(b) || b.startsWith(a))
}
