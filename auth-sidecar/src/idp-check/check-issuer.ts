// The whole of `make idp-check` but for the process around it: discovery, keys, settings, token; lines to print and
// whether all is well.

import type { TrustedIssuer } from '@sallyport/contracts/policy'
import { type FetchJsonOptions, fetchJson } from '../tokens/fetch-key-set.ts'
import { createTrustedProfile } from '../tokens/issuer-profile.ts'
import { type KeySet, parseKeySet } from '../tokens/key-set.ts'
import { fixedKeys } from '../tokens/key-source.ts'
import { type DiscoveryFault, discover } from './discover.ts'
import { explainToken, sentenceOf, verdictOf } from './explain-token.ts'
import type { IdpCheckOptions } from './options.ts'
import { show } from './show.ts'
import { formatIssuer, suggestIssuer } from './suggest-issuer.ts'

export type CheckIssuerDeps = Pick<FetchJsonOptions, 'fetch'> & {
  /** What sallyport.yml says of the issuer, if it does. */
  readonly configured: TrustedIssuer | undefined
  readonly now: () => number
}

export type Findings = { readonly isGood: boolean; readonly lines: readonly string[] }

/** Checks an issuer and perhaps one of its tokens. Never rejects for what the issuer does. */
export async function checkIssuer(
  options: IdpCheckOptions,
  deps: CheckIssuerDeps,
): Promise<Findings> {
  const isPlain = options.issuer.startsWith('http://')
  const fetching = { fetch: deps.fetch, allowPlainHttp: isPlain }
  const lines = [`issuer     ${show(options.issuer)}`]
  if (isPlain) lines.push('           plain http: in development only')
  const address = await findKeySet(options, deps, fetching)
  if (!address.ok) return { isGood: false, lines: [...lines, ...address.lines] }
  lines.push(...address.lines)
  const { keySetUrl } = address
  const document = await fetchJson(keySetUrl, fetching)
  if (!document.ok) {
    return { isGood: false, lines: [...lines, `✗ key set  ${show(keySetUrl)}: ${document.error}`] }
  }
  const basis = { ...options, keySetUrl, document: document.value }
  const trusted = deps.configured ?? suggestIssuer(basis)
  const keySet = await parseKeySet(document.value, trusted.algorithms)
  if (!keySet.ok) {
    return { isGood: false, lines: [...lines, `✗ key set  ${show(keySetUrl)}: ${keySet.error}`] }
  }
  const keyLines = describeKeys(keySetUrl, keySet.value)
  const verdict = await describeToken(options.token, trusted, keySet.value, deps.now())
  return {
    isGood: keySet.value.keys.size > 0 && verdict.isGood,
    lines: [...lines, ...keyLines, '', ...describeSettings(trusted, deps), ...verdict.lines],
  }
}

type Found =
  | { readonly ok: true; readonly keySetUrl: string; readonly lines: readonly string[] }
  | { readonly ok: false; readonly lines: readonly string[] }

/** The address that was asked for, else the configured one, else what the issuer says itself. */
async function findKeySet(
  { issuer, keySetUrl }: IdpCheckOptions,
  { configured }: CheckIssuerDeps,
  fetching: FetchJsonOptions,
): Promise<Found> {
  const known = keySetUrl ?? configured?.keySetUrl
  if (known !== undefined) return { ok: true, keySetUrl: known, lines: [] }
  const found = await discover(issuer, fetching)
  if (!found.ok) return { ok: false, lines: describeDiscovery(found.error) }
  const { documentUrl } = found.value
  return { ok: true, keySetUrl: found.value.keySetUrl, lines: [`✓ discovery ${show(documentUrl)}`] }
}

function describeDiscovery(fault: DiscoveryFault): readonly string[] {
  const where = `✗ discovery ${show(fault.documentUrl)}`
  if (fault.kind === 'fetch')
    return [`${where}: ${fault.fault}`, '  KEYS=<url> names a key set directly']
  if (fault.kind === 'no-keys') return [`${where} names no key set (jwks_uri)`]
  return [`${where} is of ${show(fault.named)}`, '  ISSUER must be exactly that, to the last slash']
}

function describeKeys(keySetUrl: string, { keys, rejected }: KeySet): readonly string[] {
  return [
    `${keys.size > 0 ? '✓' : '✗'} key set  ${show(keySetUrl)}: ${keys.size} usable, ${rejected.length} not`,
    ...[...keys.values()].map(({ keyId, algorithm }) => `  ✓ ${show(keyId)} for ${algorithm}`),
    ...rejected.map(({ keyId, fault }) => `  – ${show(keyId)} is not used: ${fault}`),
  ]
}

function describeSettings(trusted: TrustedIssuer, { configured }: CheckIssuerDeps): string[] {
  if (configured) return ['settings   from sallyport.yml']
  return ['settings   not in sallyport.yml yet; it could say', '', ...formatIssuer(trusted)]
}

async function describeToken(
  token: string | undefined,
  trusted: TrustedIssuer,
  keySet: KeySet,
  nowMs: number,
): Promise<Findings> {
  if (token === undefined) return { isGood: true, lines: [] }
  const nowhere = async () => ({ epoch: 'none', subject: 0, session: 0 })
  const profile = createTrustedProfile(trusted, fixedKeys(keySet), nowhere)
  const steps = await explainToken(token, { profile, keySet, nowMs })
  const verdict = verdictOf(steps)
  const width = Math.max(...steps.map(({ name }) => name.length))
  return {
    isGood: verdict === undefined,
    lines: [
      '',
      'token',
      ...steps.map(
        ({ name, fault, detail }) => `  ${fault ? '✗' : '✓'} ${name.padEnd(width)}  ${detail}`,
      ),
      verdict
        ? `refused: ${verdict}. ${sentenceOf(verdict)}`
        : 'accepted, if a route lets its holder in',
    ],
  }
}
