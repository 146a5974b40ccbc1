// A verifier with the built-in issuer and any others, whose key sets are served from memory under their addresses.

import type { TrustedIssuer } from '@sallyport/contracts/policy'
import type { CurrentGeneration } from '../issuer-profile.ts'
import { createKeyRing } from '../key-ring.ts'
import { createTokenVerifier, type TokenExpectation } from '../verify-token.ts'
import { makeKey, makeToken, nowSeconds } from './make-token.ts'

export const builtInIssuer = 'https://app.example.com/auth'
export const bearer: TokenExpectation = { use: 'bearer', audience: undefined }
export const cookie: TokenExpectation = { use: 'cookie', audience: undefined }

/** An issuer as `sallyport.yml` would describe it, whose people are called as they are unless a test says otherwise. */
export function trustedIssuer(changes: Partial<TrustedIssuer> = {}): TrustedIssuer {
  const issuer = changes.issuer ?? 'https://login.example.org'
  return {
    issuer,
    prefix: '',
    keySetUrl: `${issuer}/keys`,
    algorithms: ['ES256'],
    tokenType: 'at+jwt',
    audience: 'sallyport',
    audienceClaim: 'aud',
    clockToleranceSeconds: 5,
    maxLifeSeconds: 3600,
    claims: { subject: 'sub', username: 'preferred_username', groups: 'groups', scopes: 'scope' },
    ...changes,
  }
}

/** Answers requests for key sets out of a table that a test may change; an address without entry is unreachable. */
export function servedKeySets(table: Record<string, readonly object[]>) {
  const requests: string[] = []
  const serve = async (url: string): Promise<Response> => {
    requests.push(url)
    const keys = table[url]
    if (!keys) throw new TypeError('fetch failed')
    return Response.json({ keys })
  }
  return { serve, requests }
}

const someGeneration: CurrentGeneration = async () => ({
  generation: { epoch: 'epoch', subject: 3, session: 7 },
})

/** The verifier, the built-in issuer's key and a clock that can be moved. */
export async function createVerifierFixture(
  issuers: readonly TrustedIssuer[] = [],
  table: Record<string, readonly object[]> = {},
  currentGeneration = someGeneration,
) {
  const key = makeKey('k1')
  const keyRing = await createKeyRing({
    keys: [{ ...key.privateJwk, kid: 'k1', alg: 'ES256', use: 'sig' }],
  })
  const clock = { nowMs: nowSeconds * 1000 }
  const listed = { issuers }
  const { serve, requests } = servedKeySets(table)
  const verifier = createTokenVerifier({
    builtIn: { issuer: builtInIssuer, audience: 'sallyport', keyRing, maxLifeMs: 660_000 },
    issuers: () => listed.issuers,
    currentGeneration,
    now: () => clock.nowMs,
    maxTokens: 100,
    fetch: serve,
  })
  const session = { sid: 'session-1', gen: 'epoch.0.0', preferred_username: 'Alice' }
  return {
    ...verifier,
    verifier,
    key,
    clock,
    listed,
    requests,
    verify: (compact: string, expected = bearer) => verifier.verifyToken(compact, expected),
    /** A token of the built-in issuer, signed by hand. */
    token: (changes: object = {}, headerChanges: object = {}, signer = key) =>
      makeToken(signer, builtInIssuer, { ...session, ...changes }, headerChanges),
  }
}
