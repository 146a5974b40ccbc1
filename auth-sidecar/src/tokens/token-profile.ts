// The form of the built-in issuer's access tokens (RFC 9068): what `issue-token` writes and `verify-token` demands.

/** `typ` of an access token; an identity token, ticket or cookie token has another and is refused as one. */
export const accessTokenType = 'at+jwt'

/** Whom tokens come from and whom they are for. */
export type TokenProfile = { readonly issuer: string; readonly audience: string }
