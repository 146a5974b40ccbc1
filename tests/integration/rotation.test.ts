// Every key is replaced while sockets live and handshakes go on: none is lost and none refused, on one node and on two.

import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import {
  digestOfFingerprint,
  keyRingMetric,
  peerCertificateMetric,
} from '@sallyport/contracts/key-rings'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { admin, adminToken } from '../support/admin.ts'
import { login, publicUrl, request } from '../support/http.ts'
import { pairsOf } from '../support/pairs.ts'
import { type Rotation, renewed, rotate, startLoad } from '../support/rotate.ts'
import { openSocket } from '../support/socket.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

type KeyFile = { readonly keys: readonly { readonly kid?: string; readonly keyId?: string }[] }

/** As it is anyway, but for how often one subject may come: the load is one. */
const policy = `version: 1
routes:
  websocket: { kind: websocket, path: /ws, attempts: { perSubjectPerMinute: 10000 } }
`

const recheckSeconds = 5

describe.each([
  ['one node', {}],
  ['two nodes', { REPLICAS: '2', STATE: 'redis' }],
])('RX.14 on %s', { timeout: 120_000 }, (_nodes, environment) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-rotation-'))
  let stack: Stack

  beforeAll(async () => {
    const SALLYPORT_POLICY_FILE = join(folder, 'sallyport.yml')
    writeFileSync(SALLYPORT_POLICY_FILE, policy)
    stack = await startStack({
      ...environment,
      SALLYPORT_POLICY_FILE,
      WS_RATE_LIMIT: '10000',
      BACKEND_RECHECK_SECONDS: `${recheckSeconds}`,
    })
  })
  afterAll(async () => {
    await stack?.stop()
    rmSync(folder, { recursive: true })
  })

  const read = (...path: string[]) => readFileSync(join(stack.stateFolder, ...path), 'utf8')
  const idsIn = (file: string) =>
    (JSON.parse(read('keys', file)) as KeyFile).keys.map(({ kid, keyId }) => kid ?? keyId)
  const keyIdOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string })
      .kid
  const textOf = (management: string) =>
    request(`${management}/metrics`, { from: '127.0.0.1' }).then(({ body }) => body)

  /** Rotates under load; says how it went. */
  async function rotateUnderLoad(...words: string[]): Promise<Rotation> {
    const load = await startLoad(stack)
    const before = load.handshakes()
    const rotation = await rotate(stack, ...words)
    // Whatever was taken over late is met by these.
    const after = load.handshakes()
    await until('further handshakes', () => load.handshakes() > after + 30, 30_000)
    expect(await load.end()).toEqual({ lost: 0, refusals: [] })
    expect(after).toBeGreaterThan(before)
    expect(rotation.output).not.toMatch(/spa_|PRIVATE KEY|"d":|"secret":/)
    return rotation
  }

  it('RX.14 token keys: 0 sockets lost, 0 handshakes refused; old tokens are good until they run out', async () => {
    const [old] = idsIn('token-keys.json')
    const { cookie, token } = await login(stack)
    expect(await rotateUnderLoad('token')).toMatchObject({ code: 0 })
    expect(idsIn('token-keys.json')).toEqual([expect.any(String), old])
    expect(keyIdOf(token)).toBe(old)
    for (const pair of pairsOf(stack)) {
      const fresh = await renewed(pair, { cookie })
      expect(keyIdOf(fresh)).toBe(idsIn('token-keys.json')[0])
      for (const each of [token, fresh]) (await openSocket(pair, { token: each })).close()
      const served = await request(publicUrl(pair, '/auth/.well-known/jwks.json'))
      const { keys } = JSON.parse(served.body) as KeyFile
      expect(keys.map(({ kid }) => kid)).toEqual(idsIn('token-keys.json'))
    }
    // Too early: the key stays, and the command says until when.
    const early = await rotate(stack, 'token', '--drop-old=1')
    expect([early.code, idsIn('token-keys.json').length]).toEqual([0, 2])
    expect(early.output).toContain(`old: ${old} verifies`)
  })

  it('RX.14 J49 a key that is taken out: its tokens open nothing at any node, live sockets end with the next re-check', async () => {
    const { token, cookie } = await login(stack)
    await rotate(stack, 'token')
    const live = await Promise.all(pairsOf(stack).map((pair) => openSocket(pair, { token })))
    const cookieSocket = await openSocket(stack, { cookie })
    await Promise.all([...live, cookieSocket].map((socket) => socket.message('welcome')))
    expect(await rotate(stack, 'token', '--drop-old=now')).toMatchObject({ code: 0 })
    expect(idsIn('token-keys.json')).toHaveLength(1)
    for (const pair of pairsOf(stack)) {
      await expect(openSocket(pair, { token })).rejects.toThrow('401')
      const byCookie = await openSocket(pair, { cookie })
      await byCookie.message('welcome')
      byCookie.close()
    }
    // The next re-check says void of what rests on it; whoever rests on the cookie stays.
    const closed = await Promise.all(live.map((socket) => socket.closed))
    expect(new Set(closed.map(({ code }) => code))).toEqual(new Set([4401]))
    cookieSocket.send({ type: 'subscribe', id: '1', data: { channel: 'room:j49' } })
    expect(await cookieSocket.message('subscribed')).toMatchObject({ id: '1' })
    cookieSocket.close()
  })

  it('RX.14 assertion keys: 0 sockets lost, 0 handshakes refused', async () => {
    const [old] = idsIn('assertion-master.json')
    expect(await rotateUnderLoad('assertion')).toMatchObject({ code: 0 })
    const now = idsIn('assertion-master.json')
    expect([now.length, now[1]]).toEqual([2, old])
    expect(idsIn('assertion-ws-backend.json')).toEqual(now)
    expect(await rotateUnderLoad('assertion', '--drop-old=now')).toMatchObject({ code: 0 })
    expect(idsIn('assertion-ws-backend.json')).toEqual([now[0]])
  })

  it('RX.14 internal certificates: 0 sockets lost, 0 handshakes refused; Traefik and services show the new ones', async () => {
    const [wsBackend, traefik] = ['ws-backend', 'traefik'].map((role) =>
      read('keys/tls', role, 'certificate.pem'),
    )
    expect(await rotateUnderLoad('certificates')).toMatchObject({ code: 0 })
    const shown = digestOfFingerprint(
      new X509Certificate(read('keys/tls/traefik/certificate.pem')).fingerprint256,
    )
    expect(read('keys/tls/traefik/certificate.pem')).not.toBe(traefik)
    for (const { endpoints } of pairsOf(stack)) {
      const { 'auth-sidecar': sidecar, 'ws-backend': backend } = endpoints.services
      expect(await fingerprintAt(backend.sockets, 'ws-backend')).toBe(
        new X509Certificate(read('keys/tls/ws-backend/certificate.pem')).fingerprint256,
      )
      for (const { management } of [sidecar, backend]) {
        const shows = (text: string) =>
          text
            .split('\n')
            .some(
              (line) =>
                line.startsWith(`${peerCertificateMetric}{peer="traefik"`) && line.includes(shown),
            )
        await until('Traefik to show it', async () => {
          // It connects anew only when it has something to ask.
          await request(publicUrl({ endpoints }, '/ws/health'))
          return shows(await textOf(management))
        })
      }
    }
    expect(read('keys/tls/ws-backend/certificate.pem')).not.toBe(wsBackend)
    // A second time: the names lead from one folder of Traefik's to the next.
    expect(await rotateUnderLoad('certificates')).toMatchObject({ code: 0 })
  })

  /** What a listener shows to somebody of the role that it takes. */
  function fingerprintAt(url: string, servername: string): Promise<string> {
    const file = (name: string) => read('keys/tls/traefik', name)
    const [ca, cert, key] = [file('authority.pem'), file('certificate.pem'), file('key.pem')]
    const { hostname: host, port } = new URL(url)
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port: Number(port), servername, ca, cert, key }, () => {
        resolve(socket.getPeerCertificate().fingerprint256)
        socket.destroy()
      })
      socket.once('error', reject)
    })
  }

  it('RX.14 admin tokens: no question of an operator is refused; the old secret goes', async () => {
    const before = adminToken(stack)
    const statuses = new Set<number>()
    let isEnding = false
    const asking = (async () => {
      while (!isEnding) {
        for (const pair of pairsOf(stack)) {
          statuses.add((await admin(pair, 'GET', '/admin/connections')).status)
        }
      }
    })()
    try {
      expect(await rotateUnderLoad('admin')).toMatchObject({ code: 0 })
    } finally {
      isEnding = true
      await asking
    }
    expect([...statuses]).toEqual([200])
    expect(adminToken(stack)).not.toBe(before)
    const withOld = () =>
      Promise.all(
        pairsOf(stack).map(async (pair) => {
          const headers = { authorization: `Bearer ${before}` }
          return (await admin(pair, 'GET', '/admin/connections', { headers })).status
        }),
      )
    expect(new Set(await withOld())).toEqual(new Set([200]))
    expect(await rotate(stack, 'admin', '--drop-old=now')).toMatchObject({ code: 0 })
    expect(new Set(await withOld())).toEqual(new Set([401]))
    expect((await admin(stack, 'GET', '/admin/connections')).status).toBe(200)
  })

  it('RX.14 a service that does not follow stops a rotation before anything has changed, and is named', async () => {
    const keys = read('keys/token-keys.json')
    const { management } = stack.endpoints.services['auth-sidecar']
    expect(await textOf(management)).toContain(`${keyRingMetric}{ring="token"`)
    const file = join(stack.stateFolder, 'keys/token-keys.json')
    writeFileSync(file, '{"keys":[]}')
    const refused = await rotate(stack, 'token')
    writeFileSync(file, keys)
    expect(refused.code).toBe(1)
    expect(refused.output).toContain('make logs SERVICE=auth-sidecar')
    // The faulty file did not reach anybody, and the good one is followed again.
    expect(await rotateUnderLoad('token')).toMatchObject({ code: 0 })
  })
})
