// The identity in the headers that existing applications expect. Values are made fit for a header (HDR-6): printable
// ASCII, bounded; what does not fit is refused, never cut and never a crash of whoever sets the header.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import type { ApplicationHeader, Route } from '@sallyport/contracts/policy'
import { ok, type Result } from '@sallyport/contracts/result'
import type { Authority } from '../authority/authority.ts'

/** Header values by name in lower case. */
export type ApplicationHeaders = Readonly<Record<string, string>>

/** Longer values are refused. */
const maxHeaderLength = 256

const noHeaders: ApplicationHeaders = Object.freeze({})
const nothing = ok(noHeaders)

/** The headers a route wants for this authority; a value that is too long is refused. */
export function applicationHeaders(
  { identityHeaders }: Pick<Route, 'identityHeaders'>,
  authority: Authority,
): Result<ApplicationHeaders, Denial> {
  if (identityHeaders.length === 0) return nothing
  const headers: Record<string, string> = {}
  for (const name of identityHeaders) {
    const value = valueOf(name, authority)
    if (value.length > maxHeaderLength) return refuse('not-allowed', 'identity-header-too-long')
    if (value !== '') headers[name.toLowerCase()] = value
  }
  return ok(headers)
}

function valueOf(name: ApplicationHeader, authority: Authority): string {
  switch (name) {
    case 'X-Auth-Request-User':
      return headerText(authority.subject)
    case 'X-Auth-Request-Email': {
      const { claims } = authority
      const email = Object.hasOwn(claims, 'email') ? claims['email'] : undefined
      return typeof email === 'string' ? headerText(email) : ''
    }
    case 'X-Auth-Request-Groups':
      // A comma inside a group's name would make two groups of one.
      return authority.groups.map((group) => headerText(group).replaceAll(',', '%2C')).join(',')
    case 'Remote-User':
      return headerText(authority.username)
  }
}

/** Percent-encodes what is no printable ASCII, blanks at the ends, and the percent sign, so that it can be undone. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]|%|^ | $/gu, (character) =>
    [...Buffer.from(character, 'utf8')]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  )
}
