import { maxOfferLength } from '@sallyport/contracts/subprotocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDomainFixture, handshakeLines, websocketRoute } from '../testing/domain-fixture.ts'
import { decideHandshake } from './decide-handshake.ts'
import { parseHandshake } from './handshake-request.ts'

type Changes = Parameters<typeof handshakeLines>[0]

const clientAddressOf = (text: string) => (text.includes(',') ? undefined : text)
const deps = { clientAddressOf, ticketInQuery: false }

function verdictOf(changes: Changes, route: Parameters<typeof websocketRoute>[0] = {}) {
  const parsed = parseHandshake(handshakeLines(changes), websocketRoute(route), deps)
  return parsed.ok ? 'ok' : `${parsed.error.code} ${parsed.error.reason}`
}

describe('the shape of a handshake', () => {
  it.each<[string, Changes, string]>([
    ['W30 POST', { 'x-forwarded-method': 'POST' }, 'malformed-handshake not-a-get'],
    ['W30 HEAD', { 'x-forwarded-method': 'HEAD' }, 'malformed-handshake not-a-get'],
    ['W30 OPTIONS', { 'x-forwarded-method': 'OPTIONS' }, 'malformed-handshake not-a-get'],
    ['W30 CONNECT', { 'x-forwarded-method': 'CONNECT' }, 'malformed-handshake not-a-get'],
    ['W30 lower-case get', { 'x-forwarded-method': 'get' }, 'malformed-handshake not-a-get'],
    ['W30 no method', { 'x-forwarded-method': undefined }, 'malformed-handshake not-a-get'],
    ['TRN-4 a body', { 'content-length': '5' }, 'malformed-handshake body'],
    ['TRN-4 a chunked body', { 'transfer-encoding': 'chunked' }, 'malformed-handshake body'],
    ['W32 no Host, as HTTP/1.0 may', { 'x-forwarded-host': undefined }, 'malformed-handshake host'],
    ['TRN-4 an empty Host', { 'x-forwarded-host': '' }, 'malformed-handshake host'],
    ['W34 no key', { 'sec-websocket-key': undefined }, 'malformed-handshake websocket-key'],
    ['W34 an empty key', { 'sec-websocket-key': '' }, 'malformed-handshake websocket-key'],
    [
      'W34 a key of 15 bytes',
      { 'sec-websocket-key': Buffer.alloc(15).toString('base64') },
      'malformed-handshake websocket-key',
    ],
    [
      'W34 a key of 17 bytes',
      { 'sec-websocket-key': Buffer.alloc(17).toString('base64') },
      'malformed-handshake websocket-key',
    ],
    [
      'W34 a key with stray bits',
      { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAB==' },
      'malformed-handshake websocket-key',
    ],
    [
      'W34 a key of another alphabet',
      { 'sec-websocket-key': '-_AAAAAAAAAAAAAAAAAAAA==' },
      'malformed-handshake websocket-key',
    ],
    [
      'LIM-1 no client address',
      { 'x-forwarded-for': undefined },
      'malformed-handshake client-address',
    ],
    [
      'W18 two addresses',
      { 'x-forwarded-for': '1.2.3.4, 5.6.7.8' },
      'malformed-handshake client-address',
    ],
    [
      'SUB-1 a token and no protocol',
      { 'sec-websocket-protocol': 'bearer.a.b.c' },
      'unknown-subprotocol unknown-subprotocol',
    ],
    [
      'SUB-1 a ticket and no protocol',
      { 'sec-websocket-protocol': 'ticket.a' },
      'unknown-subprotocol unknown-subprotocol',
    ],
    [
      'SUB-1 a token beside the protocol of those who carry none',
      { 'sec-websocket-protocol': 'sallyport.v1.first-message, bearer.a.b.c' },
      'unknown-subprotocol unknown-subprotocol',
    ],
    [
      'SUB-1 Authorization beside the protocol of those who carry none',
      { 'sec-websocket-protocol': 'sallyport.v1.first-message', authorization: 'Bearer a.b.c' },
      'unknown-subprotocol unknown-subprotocol',
    ],
    [
      'W50 an empty list',
      { 'sec-websocket-protocol': '' },
      'malformed-handshake websocket-protocol',
    ],
    [
      'W50 an empty entry',
      { 'sec-websocket-protocol': 'sallyport.v1,,x' },
      'malformed-handshake websocket-protocol',
    ],
    [
      'W50 padding',
      { 'sec-websocket-protocol': 'sallyport.v1, bearer.a=' },
      'malformed-handshake websocket-protocol',
    ],
    [
      'W50 a blank inside',
      { 'sec-websocket-protocol': 'sallyport.v1, bearer.a b' },
      'malformed-handshake websocket-protocol',
    ],
    [
      'SUB-2 9 kB of token',
      { 'sec-websocket-protocol': `sallyport.v1, bearer.${'a'.repeat(maxOfferLength)}` },
      'headers-too-large websocket-protocol-length',
    ],
  ])('%s is refused', (_name, changes, expected) => {
    expect(verdictOf(changes)).toBe(expected)
  })

  it('TRN-3 W33 accepts version 13 only', () => {
    for (const version of ['7', '8', '12', '14', '1337', '13, 8', '013', '13 ', '']) {
      expect(verdictOf({ 'sec-websocket-version': version })).toMatch(/^upgrade-required/)
    }
    expect(verdictOf({ 'sec-websocket-version': undefined })).toMatch(/^upgrade-required/)
    expect(verdictOf({})).toBe('ok')
  })

  it.each([
    'authorization',
    'origin',
    'sec-websocket-key',
    'sec-websocket-version',
    'sec-websocket-protocol',
    'x-forwarded-uri',
    'x-forwarded-host',
    'x-forwarded-for',
    'x-forwarded-method',
    'x-forwarded-proto',
  ])('W14 refuses %s twice, even when both say the same', (name) => {
    expect(verdictOf({ [name]: ['same', 'same'] })).toBe('malformed-handshake duplicate-header')
  })

  it('W10 W11 W12 looks at no other spelling of a header, and at none it does not need', () => {
    const spoofed = {
      x_forwarded_uri: '/public',
      'x.forwarded.uri': '/public',
      'x-original-url': '/public',
      'x-rewrite-url': '/public',
      'x-http-method-override': 'POST',
      'x-real-ip': '10.0.0.1',
      'x-forwarded-prefix': '/public',
      forwarded: 'for=10.0.0.1;host=evil.example',
      'sec-websocket-origin': 'https://evil.example',
      connection: 'Upgrade, X-Auth-User',
    }
    expect(verdictOf(spoofed)).toBe('ok')
  })
})

describe('the target of a handshake', () => {
  it.each([
    '/%77s',
    '/ws%2f',
    '/ws/',
    '//ws',
    '/./ws',
    '/x/../ws',
    '/ws;a=b',
    '/ws%00',
    '/ws\\..',
    '/WS',
    '/ws.',
    '/ws%20',
    '/ws#x',
    '/ws%23x',
    '/other?x=/ws',
    '/wsx?y=1',
    '/ws/?y=1',
    '/ws/../public?y=1',
    '/ws%3f?y=1',
    'http://evil.example/ws',
    '*',
    '',
    '/ｗｓ',
    '/%c0%ae/ws',
    undefined,
  ])('HDR-3 is not %j at the route /ws', (uri) => {
    expect(verdictOf({ 'x-forwarded-uri': uri })).toBe('malformed-handshake path')
  })

  it('HDR-3 takes a query that holds no credential, and the path of its own route only', () => {
    expect(verdictOf({ 'x-forwarded-uri': '/ws?x=1&y=/public' })).toBe('ok')
    expect(verdictOf({ 'x-forwarded-uri': '/ws?' })).toBe('ok')
    expect(verdictOf({ 'x-forwarded-uri': '/chat/ws' }, { path: '/chat/ws' })).toBe('ok')
    expect(verdictOf({}, { path: '/chat/ws' })).toBe('malformed-handshake path')
  })

  it.each([
    'access_token=x',
    'token=x',
    'id_token=x',
    'jwt=x',
    'bearer=x',
    'auth_token=x',
    'authorization=x',
    'ticket=x',
    'ticket',
    'a=b&TOKEN=x',
    '%61ccess_token=x',
    'a=b&access%5Ftoken=',
  ])('AUT-15 refuses a credential in the query: %s', (query) => {
    const expected = 'malformed-handshake credential-in-query'
    expect(verdictOf({ 'x-forwarded-uri': `/ws?${query}` })).toBe(expected)
  })

  it.each([
    ['app.example.com', 'ok'],
    ['app.example.com:8443', 'ok'],
    ['APP.Example.com', 'ok'],
    ['app.example.com.', 'malformed-handshake host'],
    ['app.example.com.:443', 'malformed-handshake host'],
    ['app.example.com:', 'malformed-handshake host'],
    ['app.example.com:x', 'malformed-handshake host'],
    ['user@app.example.com', 'malformed-handshake host'],
    ['app.example.com/x', 'malformed-handshake host'],
    ['app.example.com, evil.example', 'malformed-handshake host'],
    ['app%2eexample.com', 'malformed-handshake host'],
    ['аpp.example.com', 'malformed-handshake host'],
    ['evil.example', 'malformed-handshake host-of-another-route'],
    ['app.example.com.evil.example', 'malformed-handshake host-of-another-route'],
    ['[::1]', 'malformed-handshake host-of-another-route'],
  ])('W41 HDR-3 judges the host %j by the route’s', (host, expected) => {
    const route = { hosts: ['app.example.com'] }
    expect(verdictOf({ 'x-forwarded-host': host }, route)).toBe(expected)
  })

  it('HDR-3 takes every well-formed host where a route names none', () => {
    for (const host of ['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'a_b.example']) {
      expect(verdictOf({ 'x-forwarded-host': host })).toBe('ok')
    }
  })
})

const headerName = fc.constantFrom(
  'origin',
  'cookie',
  'authorization',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-protocol',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-method',
  'x-forwarded-uri',
  'x-anything',
)

describe('whatever comes', () => {
  it('TRN-4 never throws, whatever the header lines are', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(headerName, fc.string())), (lines) => {
        const parsed = parseHandshake(lines.flat(), websocketRoute(), deps)
        expect(parsed.ok).toBe(false)
      }),
    )
  })

  it('HDR-3 never takes another target than the route’s', () => {
    fc.assert(
      fc.property(fc.webUrl(), fc.string(), (url, query) => {
        const path = new URL(url).pathname
        const uri = `${path}?${query}`
        if (path !== '/ws') expect(verdictOf({ 'x-forwarded-uri': uri })).not.toBe('ok')
        verdictOf({ 'x-forwarded-uri': `/ws?${query}`, 'x-forwarded-host': url })
      }),
    )
  })

  it('AUT-3 never allows a handshake whose credentials are made of noise', async () => {
    const fixture = await createDomainFixture(1_000_000)
    const noise = fc.string({ unit: 'binary' })
    await fc.assert(
      fc.asyncProperty(noise, noise, noise, async (cookie, token, entry) => {
        const all = {
          cookie: `sessionId=${cookie}; auth_token=${token}`,
          authorization: `Bearer ${token}`,
          'sec-websocket-protocol': `sallyport.v1, bearer.${entry}, ticket.${entry}`,
        }
        for (const name of Object.keys(all) as (keyof typeof all)[]) {
          const lines = handshakeLines({ [name]: all[name] })
          const { outcome } = await decideHandshake(lines, fixture.route, fixture.deps)
          expect(outcome.ok).toBe(false)
        }
        const { outcome } = await decideHandshake(handshakeLines(all), fixture.route, fixture.deps)
        expect(outcome.ok).toBe(false)
      }),
    )
  })
})
