import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerPreflight, corsHeaders } from './cors.ts'
import { checkRequestForm } from './request-form.ts'
import { checkSameOrigin, type FetchHeaders } from './same-origin.ts'

const allowed = new Set(['https://app.example.com', 'https://www.example.org'])
const headers = (changes: Partial<FetchHeaders> = {}): FetchHeaders => ({
  origin: undefined,
  secFetchSite: undefined,
  carriesCookie: false,
  ...changes,
})
const listed = { origin: 'https://app.example.com', carriesCookie: true }

describe('same origin', () => {
  it.each<[string, Partial<FetchHeaders>]>([
    ['our page', listed],
    ['a listed page of a sibling host', { ...listed, secFetchSite: 'same-site' }],
    ['a listed page of another site', { ...listed, secFetchSite: 'cross-site' }],
    [
      'our page in a browser that hides its origin',
      { secFetchSite: 'same-origin', carriesCookie: true },
    ],
    ['a browser navigating here itself', { secFetchSite: 'none', carriesCookie: true }],
    ['a native client without a cookie', {}],
  ])('ORG-7 lets %s change state', (_name, changes) => {
    expect(checkSameOrigin(headers(changes), true, allowed).ok).toBe(true)
  })

  it.each<[string, Partial<FetchHeaders>]>([
    ['another origin', { origin: 'https://evil.example' }],
    [
      'another origin that claims to be ours',
      { origin: 'https://evil.example', secFetchSite: 'same-origin' },
    ],
    ['the origin null', { origin: 'null' }],
    ['an empty origin', { origin: '' }],
    ['two origins', { origin: 'https://app.example.com, https://app.example.com' }],
    ['a sibling host', { secFetchSite: 'same-site', carriesCookie: true }],
    ['a cross-site form', { secFetchSite: 'cross-site' }],
    ['a word nobody knows', { secFetchSite: 'Same-Origin' }],
    ['a cookie from nowhere', { carriesCookie: true }],
  ])('ORG-7 W81 W82 does not let %s', (_name, changes) => {
    expect(checkSameOrigin(headers(changes), true, allowed)).toMatchObject({
      ok: false,
      error: { code: 'origin-not-allowed' },
    })
  })

  it.each<[string, Partial<FetchHeaders>, boolean]>([
    ['our page', { secFetchSite: 'same-origin', carriesCookie: true }, true],
    ['a listed page of a sibling host', { ...listed, secFetchSite: 'same-site' }, true],
    ['a client that says nothing', { carriesCookie: true }, true],
    ['a listed page of another site', { ...listed, secFetchSite: 'cross-site' }, false],
    ['a picture of a sibling host', { secFetchSite: 'same-site', carriesCookie: true }, false],
    ['a stranger', { origin: 'https://evil.example' }, false],
  ])('ORG-7 on reading a session by %s', (_name, changes, expected) => {
    expect(checkSameOrigin(headers(changes), false, allowed).ok).toBe(expected)
  })

  it('ORG-1 lets no origin in that is not listed letter by letter', () => {
    const near = fc.oneof(
      fc.string(),
      fc.string().map((tail) => `https://app.example.com${tail}`),
      fc.string().map((head) => `${head}https://app.example.com`),
    )
    const site = fc.constantFrom(undefined, 'same-origin', 'none', 'same-site', 'cross-site')
    fc.assert(
      fc.property(near, site, fc.boolean(), (origin, secFetchSite, changesState) => {
        fc.pre(!allowed.has(origin))
        const judged = checkSameOrigin(headers({ origin, secFetchSite }), changesState, allowed)
        expect(judged.ok).toBe(false)
      }),
    )
  })
})

describe('CORS', () => {
  const preflight = (origin?: string, requestedMethod?: string, method = 'OPTIONS') =>
    answerPreflight({ method, origin, requestedMethod }, allowed)

  it('ORG-5 labels answers for a listed origin exactly, and says that they differ by origin', () => {
    expect(corsHeaders('https://www.example.org', allowed)).toMatchObject({
      'access-control-allow-origin': 'https://www.example.org',
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    })
  })

  it.each([
    'null',
    '',
    '*',
    'https://evil.example',
    'https://APP.example.com',
    undefined,
  ])('ORG-5 labels nothing for %j but that answers differ', (origin) => {
    expect(corsHeaders(origin, allowed)).toEqual({ vary: 'Origin' })
  })

  it('ORG-5 answers preflights of listed origins, and refuses the others', () => {
    const told = preflight('https://app.example.com', 'POST')
    const value = told?.ok ? told.value : {}
    expect(value).toMatchObject({
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers': 'Authorization, Content-Type',
      'access-control-max-age': '600',
    })
    expect(value['vary']?.split(', ')).toContain('Origin')
    expect(preflight('https://evil.example', 'POST')).toMatchObject({
      error: { code: 'origin-not-allowed' },
    })
  })

  it('ORG-5 takes nothing for a preflight that is none', () => {
    expect(preflight('https://app.example.com')).toBeUndefined()
    expect(preflight(undefined, 'POST')).toBeUndefined()
    expect(preflight('https://app.example.com', 'POST', 'POST')).toBeUndefined()
  })
})

describe('form of a request', () => {
  const form = (changes: object) =>
    checkRequestForm({ rawHeaders: [], contentType: undefined, hasBody: false, ...changes }).ok

  it.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
  ])('ORG-7 takes a body of %s', (contentType) => {
    expect(form({ hasBody: true, contentType })).toBe(true)
  })

  it.each([
    undefined,
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain; application/json',
    'application/json; charset=utf-7',
    'application/json, text/plain',
    'application/jsonp',
  ])('ORG-7 takes no body of %s', (contentType) => {
    expect(form({ hasBody: true, contentType })).toBe(false)
    expect(form({ hasBody: false, contentType })).toBe(true)
  })

  it.each([
    'Origin',
    'Authorization',
    'Cookie',
    'Content-Type',
    'Sec-Fetch-Site',
    'Host',
  ])('W14 takes no second %s', (name) => {
    expect(form({ rawHeaders: [name, 'a', 'Accept', 'b', 'Accept', 'c'] })).toBe(true)
    expect(form({ rawHeaders: [name, 'a', 'Accept', 'b', name.toLowerCase(), 'a'] })).toBe(false)
  })
})
