// The inner door over real TLS: who is let in, who is refused with what, and that nobody learns why.

import { connect } from 'node:tls'
import { createAssertionSigner } from '@sallyport/contracts/identity-assertion'
import { clientTlsOptions } from '@sallyport/service-kit/mutual-tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  connectTls,
  makeWebSocketKey,
  openRawClient,
  type RawClient,
  upgradeText,
} from '../testing/raw-client.ts'
import { startTestBackend, type TestBackend, testIdentity } from '../testing/test-backend.ts'

let running: TestBackend

beforeAll(async () => {
  running = await startTestBackend()
})
afterAll(() => running.close())

type Headers = Parameters<typeof upgradeText>[1]

async function send(request: string) {
  return openRawClient(await connectTls(running.backend.port, running.traefik), request)
}

/** An upgrade with a good assertion for its key; `changes` spoil it. */
async function upgrade(changes: Headers = {}, target = '/ws') {
  const key = makeWebSocketKey()
  const assertion = running.sign(testIdentity(), key)
  return send(upgradeText(key, { 'X-Sallyport-Identity': assertion, ...changes }, target))
}

/** An upgrade with leave to authenticate and no more. */
async function upgradePending(headers: Headers) {
  const key = makeWebSocketKey()
  const pending = { route: 'websocket', clientAddress: '192.0.2.1' }
  const assertion = running.signPending(pending, key)
  return send(upgradeText(key, { 'X-Sallyport-Identity': assertion, ...headers }))
}

const selected = (client: RawClient) =>
  client
    .head()
    .split('\r\n')
    .filter((line) => /^sec-websocket-protocol/i.test(line))

/** All that a refusal says; the reason is for the log alone. */
const problemMembers = ['code', 'detail', 'requestId', 'status', 'title', 'type']

const someKey = makeWebSocketKey()
const secret = new Uint8Array(32).fill(7)
const signFor = (audience: string, keyId = 'test', now = Date.now) =>
  createAssertionSigner({ keyId, secret }, audience, now).sign(
    testIdentity(),
    testIdentity(),
    someKey,
  )

describe('an upgrade', () => {
  it('R0.1 is answered with 101 when it carries an identity signed for it', async () => {
    const client = await upgrade({ 'Sec-WebSocket-Protocol': 'sallyport.v1' })
    expect(client.status()).toBe(101)
    expect(client.head()).toContain('Sec-WebSocket-Protocol: sallyport.v1')
    expect(client.head()).not.toMatch(/extensions/i)
    expect(await client.message('welcome')).toMatchObject({
      userId: 'alice',
      sessionId: 'session-1',
      heartbeatMs: 25_000,
      retry: { minMs: 500, maxMs: 30_000 },
      limits: { maxMessageBytes: 65_536, maxChannels: 50, messagesPerSecond: 20 },
    })
    client.socket.destroy()
  })

  it('selects no protocol when none was offered', async () => {
    const client = await upgrade()
    expect(client.status()).toBe(101)
    expect(client.head()).not.toMatch(/protocol:/i)
    client.socket.destroy()
  })

  it('never echoes another entry than its own protocol', async () => {
    const client = await upgrade({ 'Sec-WebSocket-Protocol': 'other, sallyport.v1, bearer.x' })
    expect(client.head()).toContain('Sec-WebSocket-Protocol: sallyport.v1')
    expect(client.head()).not.toContain('bearer')
    client.socket.destroy()
  })

  it('SUB-1 W50 never echoes a token, wherever it stands, nor what else was offered', async () => {
    const entries = ['bearer.SECRET', 'ticket.SECRET', 'sallyport.v1', 'chat']
    for (const offer of [entries, entries.toReversed()]) {
      const client = await upgrade({ 'Sec-WebSocket-Protocol': offer.join(', ') })
      expect(client.status()).toBe(101)
      expect(selected(client)).toEqual(['Sec-WebSocket-Protocol: sallyport.v1'])
      client.socket.destroy()
    }
  })

  it('R1.3 selects by the kind of its assertion, when both protocols were offered', async () => {
    const both = { 'Sec-WebSocket-Protocol': 'sallyport.v1.first-message, sallyport.v1' }
    const somebody = await upgrade(both)
    expect(selected(somebody)).toEqual(['Sec-WebSocket-Protocol: sallyport.v1'])
    await somebody.message('welcome')
    const nobody = await upgradePending(both)
    expect(selected(nobody)).toEqual(['Sec-WebSocket-Protocol: sallyport.v1.first-message'])
    nobody.socket.destroy()
    somebody.socket.destroy()
  })

  it.each([
    ['none', {}],
    ['only the usual one', { 'Sec-WebSocket-Protocol': 'sallyport.v1' }],
  ])('R1.3 may not only authenticate unless it offered that: %s', async (_, headers) => {
    const client = await upgradePending(headers)
    await client.closed
    expect([client.status(), client.body()['code']]).toEqual([400, 'unknown-subprotocol'])
  })

  it('R1.3 never makes a live socket of one that wanted to authenticate first', async () => {
    const client = await upgrade({ 'Sec-WebSocket-Protocol': 'sallyport.v1.first-message' })
    await client.closed
    expect([client.status(), client.body()['code']]).toEqual([400, 'unknown-subprotocol'])
  })

  const refusals: [string, Headers, string, number, string][] = [
    ['no identity', { 'X-Sallyport-Identity': undefined }, '/ws', 401, 'identity-missing'],
    ['two identities', { 'X-Sallyport-Identity': ['a', 'b'] }, '/ws', 400, 'identity-repeated'],
    ['a garbled identity', { 'X-Sallyport-Identity': 'a.b.c' }, '/ws', 401, 'assertion-invalid'],
    ['an empty identity', { 'X-Sallyport-Identity': '' }, '/ws', 401, 'assertion-invalid'],
    ['another path', {}, '/wss', 404, 'unknown-path'],
    ['a path with more to it', {}, '/ws/', 404, 'unknown-path'],
    ['an absolute target', {}, 'http://ws-backend/ws', 404, 'unknown-path'],
    ['a double slash', {}, '//ws', 404, 'unknown-path'],
    ['a dotted path', {}, '/x/../ws', 404, 'unknown-path'],
    ['a broken escape', {}, '/ws%', 404, 'unknown-path'],
    ['a target no URL parser takes', {}, '//[', 404, 'unknown-path'],
    ['version 8', { 'Sec-WebSocket-Version': '8' }, '/ws', 426, 'wrong-version'],
    ['two versions', { 'Sec-WebSocket-Version': ['13', '13'] }, '/ws', 426, 'wrong-version'],
    ['another upgrade', { Upgrade: 'h2c' }, '/ws', 426, 'not-websocket'],
    ['a short key', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }, '/ws', 400, 'bad-key'],
    [
      'W34 a key with stray bits',
      { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAB==' },
      '/ws',
      400,
      'bad-key',
    ],
    ['two keys', { 'Sec-WebSocket-Key': [someKey, someKey] }, '/ws', 400, 'bad-key'],
    ['a body', { 'Content-Length': '1' }, '/ws', 400, 'has-body'],
    [
      'only foreign protocols',
      { 'Sec-WebSocket-Protocol': 'chat' },
      '/ws',
      400,
      'unknown-subprotocol',
    ],
    [
      'a broken protocol list',
      { 'Sec-WebSocket-Protocol': 'a,,b' },
      '/ws',
      400,
      'bad-protocol-list',
    ],
  ]

  it.each(refusals)('RX.6 is refused with %s', async (_, changes, target, status, reason) => {
    const requestId = `request-${makeWebSocketKey().replaceAll(/[^A-Za-z0-9]/g, '')}`
    const client = await upgrade({ ...changes, 'X-Sallyport-Request-Id': requestId }, target)
    await client.closed
    expect(client.status()).toBe(status)
    expect(client.head().toLowerCase()).toContain('content-type: application/problem+json')
    expect(client.body()).toMatchObject({ status, requestId })
    expect(Object.keys(client.body()).toSorted()).toEqual(problemMembers)
    const line = running.logLines.find((entry) => entry['requestId'] === requestId)
    expect(line).toMatchObject({ level: 'warn', granted: false, reason })
  })

  it.each([
    ['another handshake', () => running.sign(testIdentity(), makeWebSocketKey())],
    ['another audience', () => signFor('other-backend')],
    ['an unknown key', () => signFor('ws-backend', 'unknown')],
    ['a time long past', () => signFor('ws-backend', 'test', () => Date.now() - 20_000)],
    ['a time to come', () => signFor('ws-backend', 'test', () => Date.now() + 20_000)],
  ])('RX.6 is refused with an identity for %s', async (_, sign) => {
    const client = await send(upgradeText(someKey, { 'X-Sallyport-Identity': sign() }))
    await client.closed
    expect([client.status(), client.body()['code']]).toEqual([401, 'invalid-credential'])
  })

  it('RX.6 opens one socket for one assertion', async () => {
    const request = upgradeText(someKey, { 'X-Sallyport-Identity': signFor('ws-backend') })
    const [first, second] = await Promise.all([send(request), send(request)])
    expect([first.status(), second.status()].sort()).toEqual([101, 401])
    first.socket.destroy()
    second.socket.destroy()
  })

  it('RX.6 is refused to a peer of another role before anything is read', async () => {
    const stranger = await running.authority.issue('frontend')
    const socket = connect({
      port: running.backend.port,
      host: '127.0.0.1',
      ...clientTlsOptions(stranger, 'ws-backend'),
    })
    socket.on('error', () => {})
    socket.write(upgradeText(someKey, { 'X-Sallyport-Identity': signFor('ws-backend') }))
    socket.resume()
    await new Promise((resolve) => {
      socket.once('close', resolve)
    })
    expect(socket.bytesRead).toBeLessThan(5000)
    const metrics = await fetch(`http://127.0.0.1:${running.backend.managementPort}/metrics`)
    expect(await metrics.text()).toMatch(/upgrades_refused_total\{reason="peer-role"\} 1/)
  })

  it('RX.6 survives a peer that goes away while it is decided', async () => {
    const key = makeWebSocketKey()
    const socket = await connectTls(running.backend.port, running.traefik)
    socket.end(upgradeText(key, { 'X-Sallyport-Identity': running.sign(testIdentity(), key) }))
    socket.destroy()
    const client = await upgrade()
    expect(client.status()).toBe(101)
    client.socket.destroy()
  })
})
