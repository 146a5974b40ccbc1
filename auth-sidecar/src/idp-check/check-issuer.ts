// The whole of `make idp-check` but for the process around it: discovery, keys, settings, token; lines to print and
// whether all is well.

import type { TrustedIssuer } from '@sallyport/contracts/policy'
import { type Fetch, type FetchJsonOptions, fetchJson } from '../tokens/fetch-key-set.ts'
import { createTrustedProfile } from '../tokens/issuer-profile.ts'
import { type KeySet, parseKeySet, type RejectedKey } from '../tokens/key-set.ts'
import { fixedKeys } from '../tokens/key-source.ts'
import { type DiscoveryFault, discover } from './discover.ts'
import { explainPrefix, explainToken, sentenceOf, verdictOf } from './explain-token.ts'
import type { IdpCheckOptions } from './options.ts'
import { fetchReason, keyReasons, keySetReasons } from './reasons.ts'
import { show } from './show.ts'
import {
  algorithmFor,
  formatIssuer,
  keysOf,
  type SuggestionBasis,
  suggestIssuer,
} from './suggest-issuer.ts'

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
  const statuses = new Map<string, number>()
  const fetching = { fetch: recording(deps.fetch, statuses), allowPlainHttp: isPlain }
  const failed = (said: readonly string[]) => ({ isGood: false, lines: [...lines, ...said] })
  const lines = [`issuer     ${show(options.issuer)}`]
  if (isPlain) lines.push('           plain http: in development and on this machine only')
  const address = await findKeySet(options, deps, fetching, statuses)
  if (!address.ok) return failed(address.lines)
  lines.push(...address.lines)
  const { keySetUrl } = address
  const document = await fetchJson(keySetUrl, fetching)
  const atKeySet = `✗ key set  ${show(keySetUrl)}`
  if (!document.ok) {
    return failed([`${atKeySet} ${fetchReason(document.error, statuses.get(keySetUrl))}`])
  }
  const basis = { ...options, keySetUrl, document: document.value }
  const trusted = deps.configured ?? suggestIssuer(basis)
  const keySet = await parseKeySet(document.value, trusted.algorithms)
  if (!keySet.ok) return failed([`${atKeySet} ${keySetReasons[keySet.error]}`])
  const keyLines = describeKeys(basis, keySet.value)
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
  statuses: ReadonlyMap<string, number>,
): Promise<Found> {
  const known = keySetUrl ?? configured?.keySetUrl
  if (known !== undefined) return { ok: true, keySetUrl: known, lines: [] }
  const found = await discover(issuer, fetching)
  if (!found.ok) return { ok: false, lines: describeDiscovery(found.error, statuses) }
  const { documentUrl } = found.value
  return { ok: true, keySetUrl: found.value.keySetUrl, lines: [`✓ discovery ${show(documentUrl)}`] }
}

/** `fetch`, with what each address answered kept for whoever has to say it. */
function recording(fetch: Fetch, statuses: Map<string, number>): Fetch {
  return async (url, init) => {
    const response = await fetch(url, init)
    statuses.set(url, response.status)
    return response
  }
}

function describeDiscovery(
  fault: DiscoveryFault,
  statuses: ReadonlyMap<string, number>,
): readonly string[] {
  const { documentUrl } = fault
  const where = `✗ discovery ${show(documentUrl)}`
  if (fault.kind === 'fetch') {
    const reason =
      fault.fault === 'redirect'
        ? 'redirects: ISSUER must be the final address'
        : fetchReason(fault.fault, statuses.get(documentUrl))
    return [`${where} ${reason}`, '  KEYS=<url> names a key set directly']
  }
  if (fault.kind === 'no-keys') return [`${where} names no key set (jwks_uri)`]
  return [`${where} is of ${show(fault.named)}`, '  ISSUER must be exactly that, to the last slash']
}

function describeKeys(
  { keySetUrl, document }: Pick<SuggestionBasis, 'keySetUrl' | 'document'>,
  { keys, rejected }: KeySet,
): readonly string[] {
  return [
    `${keys.size > 0 ? '✓' : '✗'} key set  ${show(keySetUrl)}: ${keys.size} usable, ${rejected.length} not`,
    ...[...keys.values()].map(({ keyId, algorithm }) => `  ✓ ${show(keyId)} for ${algorithm}`),
    ...rejected.map((each) => `  – ${describeRejected(each, document)}`),
  ]
}

function describeRejected({ keyId, fault }: RejectedKey, document: unknown): string {
  const said = `${keyId === '' ? 'a key' : show(keyId)} is not used: it ${keyReasons[fault]}`
  const key = keysOf(document).find(({ kid }) => kid === keyId)
  const algorithm = fault === 'algorithm' && key ? algorithmFor(key) : undefined
  return algorithm ? `${said}; it can be when ${algorithm} is among them` : said
}

function describeSettings(trusted: TrustedIssuer, { configured }: CheckIssuerDeps): string[] {
  if (configured) return [`settings   from sallyport.yml: ${explainPrefix(configured.prefix)}`]
  return ['settings   not in sallyport.yml yet; it could say', '', ...formatIssuer(trusted)]
}

async function describeToken(
  token: string | undefined,
  trusted: TrustedIssuer,
  keySet: KeySet,
  nowMs: number,
): Promise<Findings> {
  if (token === undefined) return { isGood: true, lines: [] }
  const nowhere = async () => ({ generation: { epoch: 'none', subject: 0, session: 0 } })
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
