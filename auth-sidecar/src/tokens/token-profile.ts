// The forms of the built-in issuer's tokens (RFC 9068): what `issue-token` writes and its issuer profile demands.

import type { ClaimMapping } from '@sallyport/contracts/policy'

/** What a token is presented as. `cookie`: as the `auth_token` cookie, for the built-in issuer's tokens only. */
export type TokenUse = 'bearer' | 'cookie'

/** What a token is presented as, and the route's audience where it has one: it replaces the issuer's own. */
export type TokenExpectation = { readonly use: TokenUse; readonly audience: string | undefined }

/** `typ` by use: a token of one kind is refused as the other, and so is an identity token as either. */
export const tokenTypes = { bearer: 'at+jwt', cookie: 'cookie+jwt' } as const satisfies Record<
  TokenUse,
  string
>

/** Where the built-in issuer's tokens say what; they grant no scopes. */
export const builtInClaims: ClaimMapping = {
  subject: 'sub',
  username: 'preferred_username',
  groups: 'groups',
  scopes: 'scope',
}

/** Whom tokens come from and whom they are for. */
export type TokenProfile = { readonly issuer: string; readonly audience: string }
