// The readable companion of the httpOnly session cookie: says that a session may exist, holds no secret.

import { signedInCookieName } from '@sallyport/contracts/login-answer'

export type SignedInMarker = { readonly isPresent: () => boolean; readonly clear: () => void }

/** Over https the cookie carries the prefix that ties it to the host. */
const names: ReadonlySet<string> = new Set([signedInCookieName, `__Host-${signedInCookieName}`])

/** Reads and clears the marker in a document's cookies. */
export function createSignedInMarker(document: { cookie: string }): SignedInMarker {
  return {
    isPresent: () =>
      document.cookie.split(';').some((pair) => {
        const [name, value] = pair.trim().split('=')
        return names.has(name ?? '') && value !== undefined && value !== ''
      }),
    clear() {
      document.cookie = `${signedInCookieName}=; Path=/; Max-Age=0; SameSite=Lax`
      document.cookie = `__Host-${signedInCookieName}=; Path=/; Max-Age=0; SameSite=Lax; Secure`
    },
  }
}
