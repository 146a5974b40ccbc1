// What a row of the token attack table is, and the short ways of writing one. Knows no way of carrying a token.

import type { Parts, Workshop } from '../../support/token-workshop.ts'

export type TokenAttack = {
  readonly id: string
  readonly name: string
  readonly make: (workshop: Workshop, listenerUrl: string) => string
  /** `alike`: documented either way, but the same by every way. */
  readonly expected: 'refused' | 'accepted' | 'alike'
  /** Too large for a header of any server. */
  readonly firstMessageOnly?: true
}

export type Make = TokenAttack['make']

/** A row that must be refused. */
export const refused = (id: string, name: string, make: Make): TokenAttack => ({
  id,
  name,
  make,
  expected: 'refused',
})
/** A row that is a good token. */
export const accepted = (id: string, name: string, make: Make): TokenAttack => ({
  id,
  name,
  make,
  expected: 'accepted',
})
/** A row that is documented either way. */
export const alike = (id: string, name: string, make: Make): TokenAttack => ({
  id,
  name,
  make,
  expected: 'alike',
})

/** Signed by us with these parts. */
export const signedWith =
  (parts: Parts): Make =>
  ({ signed }) =>
    signed(parts)
/** Signed by us with these members of the header. */
export const header = (members: Record<string, unknown>) => signedWith({ header: members })
/** Signed by us with these claims. */
export const claim = (members: Record<string, unknown>) => signedWith({ claims: members })
/** A claim relative to now, in seconds. */
export const at =
  (name: string, offset: number): Make =>
  ({ signed, nowSeconds }) =>
    signed({ claims: { [name]: nowSeconds() + offset } })
/** The model's claims as JSON text, with more text before the closing brace. */
export const claimsText = ({ claims }: Workshop, more: string) =>
  `${JSON.stringify({ ...claims, jti: 'by-hand' }).slice(0, -1)},${more}}`
/** The model's header as JSON text, with more text before the closing brace. */
export const headerText = (w: Workshop, more: string) =>
  `${JSON.stringify(w.header).slice(0, -1)},${more}}`
/** A good token whose text is changed. */
export const edit =
  (change: (token: string) => string): Make =>
  ({ signed }) =>
    change(signed())
/** Header, payload and signature. */
export const parts = (token: string) => token.split('.') as [string, string, string]
/** A value as it stands in a name. */
export const show = (value: unknown) => JSON.stringify(value)?.slice(0, 40) ?? 'missing'
