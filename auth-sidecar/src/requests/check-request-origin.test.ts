import { describe, expect, it } from 'vitest'
import { checkRequestOrigin } from './check-request-origin.ts'

const origins = ['https://app.example.com']
const route = { origins, allowMissingOrigin: true }
const listed = 'https://app.example.com'

const nothing = {
  method: 'GET',
  origin: undefined,
  cookieHeader: undefined,
  fetchSite: undefined,
  fetchMode: undefined,
  fetchDest: undefined,
}
const page = { fetchMode: 'navigate', fetchDest: 'document' }
const frame = { fetchMode: 'navigate', fetchDest: 'iframe' }
const image = { fetchMode: 'no-cors', fetchDest: 'image' }
const post = { method: 'POST', cookieHeader: 'a=b' }

describe('where a plain request may come from', () => {
  it.each<[string, Partial<typeof nothing> | object, boolean]>([
    ['a listed origin', { origin: listed }, true],
    ['a listed origin that changes something', { ...post, origin: listed }, true],
    ['another origin', { origin: 'https://evil.example' }, false],
    ['another origin with a token only', { method: 'POST', origin: 'https://evil.example' }, false],
    ['the origin null', { ...post, origin: 'null' }, false],
    ['an origin in upper case', { origin: 'HTTPS://APP.EXAMPLE.COM' }, false],
    ['an own script that reads', { cookieHeader: 'a=b', fetchSite: 'same-origin' }, true],
    ['an own page', { cookieHeader: 'a=b', fetchSite: 'same-origin', ...page }, true],
    ['a typed address', { cookieHeader: 'a=b', fetchSite: 'none', ...page }, true],
    ['a link on another site', { cookieHeader: 'a=b', fetchSite: 'cross-site', ...page }, true],
    ['a frame on another site', { cookieHeader: 'a=b', fetchSite: 'cross-site', ...frame }, false],
    ['an image on another site', { cookieHeader: 'a=b', fetchSite: 'cross-site', ...image }, false],
    ['an image on a sibling', { cookieHeader: 'a=b', fetchSite: 'same-site', ...image }, false],
    ['a form of another site', { ...post, fetchSite: 'cross-site', ...page }, false],
    ['a form from nowhere', { ...post, fetchSite: 'none', ...page }, false],
    ['an old browser that reads', { cookieHeader: 'a=b' }, true],
    ['an old browser that changes something', post, false],
    ['a cookie and DELETE', { method: 'DELETE', cookieHeader: 'a=b' }, false],
    ['a client with a token only', { method: 'POST' }, true],
  ])('ORG-6 %s', (_name, request, isAllowed) => {
    expect(checkRequestOrigin({ ...nothing, ...request }, route).ok).toBe(isAllowed)
  })

  it('ORG-3 takes clients without an Origin only where the route says so', () => {
    const strict = { origins, allowMissingOrigin: false }
    expect(checkRequestOrigin({ ...nothing, method: 'POST' }, strict).ok).toBe(false)
    expect(checkRequestOrigin(nothing, strict).ok).toBe(true)
  })
})
