import { describe, expect, it } from 'vitest'
import { parseCompactToken } from '../tokens/compact-token.ts'
import { createTrustedProfile } from '../tokens/issuer-profile.ts'
import { parseKeySet } from '../tokens/key-set.ts'
import { fixedKeys } from '../tokens/key-source.ts'
import { makeKey, makeToken, nowSeconds } from '../tokens/testing/make-token.ts'
import { bearer, trustedIssuer } from '../tokens/testing/verifier-fixture.ts'
import { judgeToken } from '../tokens/verify-token.ts'
import { checkIssuer } from './check-issuer.ts'
import { discoveryUrls } from './discover.ts'
import { explainToken, verdictOf } from './explain-token.ts'
import { parseOptions } from './options.ts'
import { show } from './show.ts'

const issuer = 'https://login.example.org'
const key = makeKey('k1')
const now = () => nowSeconds * 1000
const pages: Readonly<Record<string, unknown>> = {
  [`${issuer}/.well-known/openid-configuration`]: { issuer, jwks_uri: `${issuer}/keys` },
  [`${issuer}/keys`]: { keys: [key.publicJwk, { ...key.publicJwk, kid: 'enc', use: 'enc' }] },
}
const serving = (table: Readonly<Record<string, unknown>>) => async (url: string) =>
  url in table ? Response.json(table[url]) : new Response('', { status: 404 })

const check = async (token?: string, changes: object = {}, table = pages) => {
  const options = { issuer, keySetUrl: undefined, token, audience: undefined, ...changes }
  const found = await checkIssuer(options, { fetch: serving(table), configured: undefined, now })
  return { isGood: found.isGood, text: found.lines.join('\n') }
}

describe('idp-check', () => {
  it('finds the keys by discovery, says which can be used and what to write into sallyport.yml', async () => {
    const { isGood, text } = await check()
    expect(isGood).toBe(true)
    expect(text).toContain('1 usable, 1 not')
    expect(text).toContain('"enc" is not used: it is not for signatures')
    expect(text).toContain(`keySetUrl: "${issuer}/keys"`)
    expect(text).toContain('algorithms: [ES256]')
  })

  it('accepts a token and suggests settings that fit it', async () => {
    const token = makeToken(key, issuer, {
      aud: 'account',
      azp: 'web',
      email: 'a@example.org',
      realm_access: { roles: ['staff'] },
    })
    const { isGood, text } = await check(token, { audience: 'web' })
    expect(text).toContain('audienceClaim: azp')
    expect(text).toContain('username: "email"')
    expect(text).toContain('groups: "realm_access.roles"')
    expect(text).toContain('maxLifeSeconds: 300')
    expect(text).toContain('accepted')
    expect(isGood).toBe(true)
  })

  it('RX.5 prints neither the token nor a part of it', async () => {
    for (const token of [
      makeToken(key, issuer),
      makeToken(key, issuer, { exp: 1 }),
      'a.b.c',
      'x',
    ]) {
      const { text } = await check(token)
      for (const part of token.split('.').filter((each) => each.length > 8)) {
        expect(text).not.toContain(part)
      }
    }
  })

  it.each([
    ['token-form', 'a.b'],
    ['token-header', makeToken(key, issuer, {}, { x5t: 'A' })],
    ['token-issuer', makeToken(key, `${issuer}/`)],
    ['token-key', makeToken(key, issuer, {}, { kid: 'k2' })],
    ['token-refused', makeToken(makeKey('k1'), issuer)],
    ['token-expired', makeToken(key, issuer, { exp: nowSeconds - 1 })],
    ['token-early', makeToken(key, issuer, { nbf: nowSeconds + 60 })],
    ['token-audience', makeToken(key, issuer, { aud: 'other' })],
    ['token-claims', makeToken(key, issuer, { sub: 7 })],
    ['token-claims', makeToken(key, issuer, { exp: nowSeconds + 90_000 })],
  ])('names the verdict %s, the same as the verifier’s', async (fault, token) => {
    const { isGood, text } = await check(token, { audience: 'sallyport' })
    expect(isGood).toBe(false)
    expect(text).toContain(`refused: ${fault}.`)

    const keySet = await parseKeySet(pages[`${issuer}/keys`], ['ES256'])
    if (!keySet.ok) throw new Error(keySet.error)
    const nothing = async () => ({ generation: { epoch: 'e', subject: 0, session: 0 } })
    const keys = fixedKeys(keySet.value)
    const profile = createTrustedProfile(trustedIssuer(), keys, nothing)
    const steps = await explainToken(token, { profile, keySet: keySet.value, nowMs: now() })
    const parsed = parseCompactToken(token)
    const judged = parsed.ok ? await judgeToken(parsed.value, profile, bearer, now) : parsed
    // The issuer chooses the profile, so a profile is never asked about another one's token.
    const verdict = fault === 'token-issuer' ? fault : judged.ok ? undefined : judged.error
    expect(verdictOf(steps)).toBe(verdict)
  })

  it.each<[string, () => Response, string]>([
    ['answers with an error', () => new Response('', { status: 503 }), 'answered 503'],
    [
      'sends elsewhere',
      () => new Response('', { status: 302 }),
      'redirects: KEYS must be the final address',
    ],
    [
      'shows a private key',
      () => Response.json({ keys: [{ ...key.publicJwk, d: 'AA' }] }),
      'holds a private key: tell the provider; nothing of it is used',
    ],
    ['has a key without name', () => Response.json({ keys: [{ kty: 'EC' }] }), 'has no kid'],
  ])('says in a sentence that a key set %s', async (_name, answer, said) => {
    const options = { issuer, keySetUrl: `${issuer}/keys`, token: undefined, audience: undefined }
    const deps = { fetch: async () => answer(), configured: undefined, now }
    const found = await checkIssuer(options, deps)
    expect(found.isGood).toBe(false)
    expect(found.lines.join('\n')).toContain(said)
  })

  it('suggests the algorithm that a curve leaves, and says when the settings lack it', async () => {
    const { alg: _alg, ...unnamed } = key.publicJwk
    const table = { ...pages, [`${issuer}/keys`]: { keys: [unnamed] } }
    expect((await check(undefined, {}, table)).text).toContain('algorithms: [ES256]')
    const configured = trustedIssuer({ algorithms: ['RS256'] })
    const options = { issuer, keySetUrl: `${issuer}/keys`, token: undefined, audience: undefined }
    const found = await checkIssuer(options, { fetch: serving(table), configured, now })
    expect(found.lines.join('\n')).toContain('it can be when ES256 is among them')
  })

  it('AUT-4 asks nobody over plain http but this machine', async () => {
    const asked: string[] = []
    const fetch = async (url: string) => {
      asked.push(url)
      return Response.json({})
    }
    const plain = {
      issuer: 'http://id.test',
      keySetUrl: undefined,
      token: undefined,
      audience: 'x',
    }
    const found = await checkIssuer(plain, { fetch, configured: undefined, now })
    expect([found.isGood, asked]).toEqual([false, []])
    expect(found.lines.join('\n')).toContain('is plain http: that is for localhost')
  })

  it('takes the settings of a configured issuer', async () => {
    const configured = trustedIssuer({ audience: 'orders' })
    const options = {
      issuer,
      keySetUrl: undefined,
      token: makeToken(key, issuer),
      audience: undefined,
    }
    const found = await checkIssuer(options, { fetch: serving(pages), configured, now })
    expect(found.isGood).toBe(false)
    expect(found.lines.join('\n')).toContain('refused: token-audience')
    expect(found.lines.join('\n')).toContain('from sallyport.yml')
  })

  it('AUT-6 shows what stands before the names of an issuer’s people, and suggests something', async () => {
    expect((await check()).text).toContain('    prefix: "login.example.org:"')
    const options = { issuer, keySetUrl: undefined, token: undefined, audience: undefined }
    const settingsOf = async (prefix: string, token?: string) => {
      const deps = { fetch: serving(pages), configured: trustedIssuer({ prefix }), now }
      return (await checkIssuer({ ...options, token }, deps)).lines.join('\n')
    }
    expect(await settingsOf('id:')).toContain('"id:" before subject, username and groups')
    expect(await settingsOf('')).toContain('names as they are')
    expect(await settingsOf('id:', makeToken(key, issuer))).toContain('{"subject":"id:alice"')
  })

  it.each([
    ['nobody there', {}, 'answered 404'],
    ['another issuer', { issuer: `${issuer}/`, jwks_uri: `${issuer}/keys` }, `is of "${issuer}/"`],
    ['no key set', { issuer }, 'names no key set'],
  ])('says what is wrong with a discovery document: %s', async (_name, document, said) => {
    const table = 'issuer' in document ? { [discoveryUrls(issuer)[0] ?? '']: document } : {}
    const { isGood, text } = await check(undefined, {}, table)
    expect(isGood).toBe(false)
    expect(text).toContain(said)
  })

  it('looks where OpenID Connect and where RFC 8414 put the document', async () => {
    expect(discoveryUrls('https://a.example/realms/x/')).toEqual([
      'https://a.example/realms/x/.well-known/openid-configuration',
      'https://a.example/.well-known/oauth-authorization-server/realms/x',
    ])
    const second = discoveryUrls(issuer)[1] ?? ''
    const table = { ...pages, [second]: pages[`${issuer}/.well-known/openid-configuration`] }
    const { [`${issuer}/.well-known/openid-configuration`]: _first, ...others } = table
    expect((await check(undefined, {}, others)).isGood).toBe(true)
  })

  it('names all faults of the question at once, and takes a token from standard input', () => {
    expect(parseOptions({ ISSUER: 'login', KEYS: 'ftp://a', TOKEN: '-' }, '')).toEqual({
      ok: false,
      error: [
        'ISSUER: must be an http or https URL without query',
        'KEYS: must be an http or https URL without query',
        'TOKEN: standard input was empty',
      ],
    })
    expect(parseOptions({ ISSUER: issuer, TOKEN: '-' }, 'a.b.c\n')).toMatchObject({
      value: { issuer, token: 'a.b.c' },
    })
    expect(parseOptions({}, undefined)).toEqual({ ok: false, error: ['ISSUER: must be set'] })
  })

  it('LOG-2 shows nothing that a terminal would obey', () => {
    expect(show('a\u001b[31m\n\u202eb')).toBe('"a\\u001b[31m\\n\\u202eb"')
    expect(show('x'.repeat(1000)).length).toBeLessThan(130)
  })
})
