// New certificates while connections live, with real TLS on both ends. It stands here and not in the service-kit
// because here certificates can be made.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { closeServer, listen } from '@sallyport/service-kit/listen'
import {
  clientTlsOptions,
  type FollowedTlsIdentity,
  followTlsIdentity,
  type TlsIdentity,
} from '@sallyport/service-kit/mutual-tls'
import { createRoleHttp2Server, createRoleServer } from '@sallyport/service-kit/role-server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTestAuthority } from './testing/test-certificates.ts'

type Authority = Awaited<ReturnType<typeof createTestAuthority>>

let folder: string
let authority: Authority
let client: TlsIdentity
let followed: FollowedTlsIdentity
const report = { taken: vi.fn(), refused: vi.fn(), sawPeer: vi.fn() }
const closers: (() => Promise<void> | void)[] = []

beforeEach(async () => {
  vi.clearAllMocks()
  folder = mkdtempSync(join(tmpdir(), 'sallyport-identity-'))
  authority = await createTestAuthority()
  client = await authority.issue('traefik')
  write(await authority.issue('ws-backend'))
  followed = followTlsIdentity(folder, report)
  await vi.waitFor(() => expect(report.taken).toHaveBeenCalledTimes(1))
})

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
  await followed.close()
  rmSync(folder, { recursive: true })
})

function write({ ca, cert, key }: TlsIdentity): void {
  const texts = { 'authority.pem': ca, 'certificate.pem': cert, 'key.pem': key }
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(join(folder, `${name}.new`), text)
    renameSync(join(folder, `${name}.new`), join(folder, name))
  }
}

async function takesOver(next: TlsIdentity): Promise<void> {
  const times = report.taken.mock.calls.length
  write(next)
  await vi.waitFor(() => expect(report.taken.mock.calls.length).toBe(times + 1), 5000)
}

const options = () => ({ identity: followed, peerRole: 'traefik', onRefused: vi.fn() }) as const

/** Answers requests, and echoes what comes after an upgrade. */
async function startPlain(): Promise<number> {
  const server = createRoleServer(options(), (_request, response) => response.end('answer'))
  server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    socket.pipe(socket)
  })
  closers.push(() => closeServer(server, () => server.closeAllConnections()))
  return listen(server, 0, '127.0.0.1')
}

async function dial(port: number, identity = client): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ...clientTlsOptions(identity, 'ws-backend') })
  closers.push(() => void socket.destroy())
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve).once('error', reject)
  })
  return socket.setEncoding('utf8')
}

const nextText = (socket: TLSSocket) =>
  new Promise<string>((resolve, reject) => {
    socket.once('data', (text: string) => resolve(text))
    socket.once('close', () => reject(new Error('closed')))
  })

const shownBy = (socket: TLSSocket) => socket.getPeerCertificate().fingerprint256

async function upgraded(port: number): Promise<TLSSocket> {
  const socket = await dial(port)
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
  expect(await nextText(socket)).toContain('101')
  return socket
}

async function echoes(socket: TLSSocket, text: string): Promise<void> {
  socket.write(text)
  expect(await nextText(socket)).toBe(text)
}

describe('a listener whose certificate is replaced', () => {
  it('RX.14 shows new connections the new one, and upgraded and waiting ones go on', async () => {
    const port = await startPlain()
    const [live, waiting] = [await upgraded(port), await dial(port)]
    await echoes(live, 'before')
    await takesOver(await authority.issue('ws-backend'))
    const next = await dial(port)
    expect(shownBy(next)).not.toBe(shownBy(live))
    await echoes(live, 'after')
    waiting.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await nextText(waiting)).toContain('200 OK')
    await echoes(await upgraded(port), 'new')
  })

  it('RX.14 does the same over HTTP/2, where open streams go on and old sessions take requests', async () => {
    const server = createRoleHttp2Server(options())
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200 })
      stream.pipe(stream)
    })
    closers.push(() => closeServer(server))
    const port = await listen(server, 0, '127.0.0.1')
    const open = (): ClientHttp2Session => {
      const url = `https://127.0.0.1:${port}`
      const session = connectHttp2(url, clientTlsOptions(client, 'ws-backend'))
      closers.push(() => session.destroy())
      return session
    }
    const startEcho = (session: ClientHttp2Session) => {
      const stream = session.request({ ':method': 'POST', ':path': '/' }).setEncoding('utf8')
      return (text: string) =>
        new Promise<string>((resolve, reject) => {
          stream.once('data', resolve).once('error', reject)
          stream.write(text)
        })
    }
    const before = open()
    const echo = startEcho(before)
    expect(await echo('one')).toBe('one')
    await takesOver(await authority.issue('ws-backend'))
    expect(await echo('two')).toBe('two')
    expect(await startEcho(before)('three')).toBe('three')
    const after = open()
    expect(await startEcho(after)('four')).toBe('four')
    const [old, fresh] = [before, after].map(({ socket }) => shownBy(socket as TLSSocket))
    expect(fresh).not.toBe(old)
  })

  it('RX.14 goes on demanding its one peer role, of live callers as of new ones', async () => {
    const port = await startPlain()
    await takesOver(await authority.issue('ws-backend'))
    const stranger = await dial(port, await authority.issue('frontend'))
    await new Promise((resolve) => stranger.once('close', resolve))
    const foreign = await (await createTestAuthority()).issue('traefik')
    const outside = connect({
      port,
      host: '127.0.0.1',
      ...clientTlsOptions({ ...foreign, ca: client.ca }, 'ws-backend'),
    })
    await new Promise((resolve) => outside.once('error', () => {}).once('close', resolve))
    expect(report.sawPeer).not.toHaveBeenCalled()
    await echoes(await upgraded(port), 'ours')
    expect(report.sawPeer).toHaveBeenCalledExactlyOnceWith('traefik', port, expect.any(String))
  })

  it('RX.14 trusts two authorities while one takes over from the other', async () => {
    const port = await startPlain()
    const live = await upgraded(port)
    const next = await createTestAuthority('next authority')
    const nextClient = await next.issue('traefik')
    const ca = `${client.ca}\n${nextClient.ca}\n`
    const now = { cert: followed.cert, key: followed.key, ca }
    await takesOver(now)
    await dial(port, { ...nextClient, ca })
    await takesOver({ ...(await next.issue('ws-backend')), ca })
    await dial(port, { ...client, ca })
    await takesOver({ ...(await next.issue('ws-backend')) })
    await dial(port, nextClient)
    await echoes(live, 'through all of it')
  })
})

describe('a folder that is wrong', () => {
  it.each([
    ['whose key is another’s', async () => ({ key: (await authority.issue('ws-backend')).key })],
    ['that names another role', () => authority.issue('frontend')],
    [
      'of an authority that is not there',
      async () => ({ ...(await (await createTestAuthority()).issue('ws-backend')), ca: client.ca }),
    ],
    ['that is cut short', async () => ({ cert: client.cert.slice(0, 200) })],
  ])('RX.14 changes nothing: a certificate %s', async (_what, wrong) => {
    const before = { ca: followed.ca, cert: followed.cert, key: followed.key }
    write({ ...before, ...(await wrong()) })
    await vi.waitFor(() => expect(report.refused).toHaveBeenCalledWith('certificates'), 5000)
    expect({ ca: followed.ca, cert: followed.cert, key: followed.key }).toEqual(before)
    const port = await startPlain()
    await echoes(await upgraded(port), 'still there')
  })
})

it('RX.14 a caller shows its new certificate on its next connection', async () => {
  const server = createRoleServer(
    { identity: await authority.issue('auth-sidecar'), peerRole: 'ws-backend', onRefused: vi.fn() },
    (request, response) =>
      response.end((request.socket as TLSSocket).getPeerCertificate().serialNumber),
  )
  closers.push(() => closeServer(server, () => server.closeAllConnections()))
  const port = await listen(server, 0, '127.0.0.1')
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      const tls = clientTlsOptions(followed, 'auth-sidecar')
      request({ port, host: '127.0.0.1', agent: false, ...tls }, (answer) => {
        answer.setEncoding('utf8').once('data', resolve)
      })
        .once('error', reject)
        .end()
    })
  const before = await ask()
  await takesOver(await authority.issue('ws-backend'))
  expect(await ask()).not.toBe(before)
})
