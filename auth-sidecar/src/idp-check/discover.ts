// Asks an issuer where its keys are (OpenID Connect Discovery 4, RFC 8414 3). What it answers is a stranger's word: the
// issuer in it must be exactly the one that was asked for.

import { err, ok, type Result } from '@sallyport/contracts/result'
import { type FetchFault, type FetchJsonOptions, fetchJson } from '../tokens/fetch-key-set.ts'

export type Discovery = {
  readonly documentUrl: string
  readonly keySetUrl: string
}

export type DiscoveryFault =
  | { readonly kind: 'fetch'; readonly documentUrl: string; readonly fault: FetchFault }
  | { readonly kind: 'other-issuer'; readonly documentUrl: string; readonly named: unknown }
  | { readonly kind: 'no-keys'; readonly documentUrl: string }

/** Where the document may be: OpenID Connect appends to the issuer's path, RFC 8414 puts it in front. */
export function discoveryUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]
}

/** Finds the address of the key set. Never rejects. */
export async function discover(
  issuer: string,
  options: FetchJsonOptions,
): Promise<Result<Discovery, DiscoveryFault>> {
  const [first = '', second = ''] = discoveryUrls(issuer)
  const answer = await fetchJson(first, options)
  const isMissing = !answer.ok && (answer.error === 'status' || answer.error === 'content-type')
  if (!isMissing) return readDocument(issuer, first, answer)
  const other = await fetchJson(second, options)
  return other.ok ? readDocument(issuer, second, other) : readDocument(issuer, first, answer)
}

function readDocument(
  issuer: string,
  documentUrl: string,
  answer: Result<unknown, FetchFault>,
): Result<Discovery, DiscoveryFault> {
  if (!answer.ok) return err({ kind: 'fetch', documentUrl, fault: answer.error })
  const document = Object(answer.value) as Readonly<Record<string, unknown>>
  const { issuer: named, jwks_uri: keySetUrl } = document
  if (named !== issuer) return err({ kind: 'other-issuer', documentUrl, named })
  if (typeof keySetUrl !== 'string' || !URL.canParse(keySetUrl)) {
    return err({ kind: 'no-keys', documentUrl })
  }
  return ok({ documentUrl, keySetUrl })
}
