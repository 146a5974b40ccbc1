import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectHttp2, constants } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { type ConnectionOptions, connect } from 'node:tls'
import { describe, expect, inject, it } from 'vitest'
import { readStack } from '../support/stack.ts'

const stack = readStack(inject('stateFolder'))
const { services } = stack.endpoints

/** Every internal listener and the one role it accepts. */
const listeners = [
  ['verify', services['auth-sidecar'].verify, 'traefik'],
  ['auth', services['auth-sidecar'].auth, 'traefik'],
  ['internal', services['auth-sidecar'].internal, 'ws-backend'],
  ['sockets', services['ws-backend'].sockets, 'traefik'],
  ['pages', services.frontend.pages, 'traefik'],
] as const
const roles = ['traefik', 'auth-sidecar', 'ws-backend', 'frontend', 'operator'] as const

function identityOf(role: string): ConnectionOptions {
  const read = (name: string) =>
    readFileSync(join(stack.stateFolder, 'keys/tls', role, name), 'utf8')
  return {
    ca: read('authority.pem'),
    cert: read('certificate.pem'),
    key: read('key.pem'),
    checkServerIdentity: () => undefined,
  }
}

/** Dials a listener and asks something; resolves with what came back, `''` when it was cut. */
function dial(url: string, options: ConnectionOptions): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    let received = ''
    const socket = connect({
      host: hostname,
      port: Number(port),
      ALPNProtocols: ['http/1.1', 'h2'],
      ...options,
    })
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
    socket.on('secureConnect', () => socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'))
  })
}

describe('TRN-2 HDR-4 dialling an internal listener directly', () => {
  it.each(listeners)('%s is refused without a certificate', async (_name, url) => {
    expect(await dial(url, { rejectUnauthorized: false })).toBe('')
  })

  it.each(
    listeners,
  )('%s answers its own role and cuts every other role of our authority', async (_name, url, allowed) => {
    for (const role of roles) {
      const received = await dial(url, identityOf(role))
      expect([role, received !== '']).toEqual([role, role === allowed])
    }
  })

  it('TRN-2 no listener speaks plain HTTP', async () => {
    for (const [, url] of listeners) {
      const answer = await fetch(url.replace('https', 'http')).then(
        ({ status }) => status,
        () => 'refused',
      )
      expect(answer).toBe('refused')
    }
  })
})

describe('RX.6 what the right certificate gains without the signed identity', () => {
  it('RX.6 the backend upgrades nothing without an assertion, nor with a forged one', async () => {
    for (const assertion of [undefined, 'e30.e30.e30']) {
      const status = await new Promise((resolve, reject) => {
        const outgoing = httpsRequest(`${services['ws-backend'].sockets}/ws`, {
          ...identityOf('traefik'),
          headers: {
            connection: 'Upgrade',
            upgrade: 'websocket',
            'sec-websocket-version': '13',
            'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
            ...(assertion && { 'x-sallyport-identity': assertion }),
          },
        })
        outgoing.on('upgrade', () => resolve(101))
        outgoing.on('response', (response) => resolve(response.resume().statusCode))
        outgoing.on('error', reject)
        outgoing.end()
      })
      expect(status).toBe(401)
    }
  })

  it('R0.4 the verify listener answers for the routes of the policy only', async () => {
    const session = connectHttp2(services['auth-sidecar'].verify, identityOf('traefik'))
    const ask = (path: string) =>
      new Promise<number>((resolve, reject) => {
        const stream = session.request({ ':path': path })
        stream.on('response', (headers) => resolve(Number(headers[':status'])))
        stream.on('error', reject)
        stream.resume()
      })
    expect(await ask('/verify/websocket')).toBe(400)
    const others = ['/', '/verify', '/verify/', '/verify/websocket?x', '/verify/other']
    for (const path of [...others, '/request/websocket', '/verify/constructor']) {
      expect(await ask(path)).toBe(404)
    }
    session.close()
  })

  it('ERR-1 no question of a backend, however ill-formed, harms the sidecar', async () => {
    const session = connectHttp2(services['auth-sidecar'].internal, identityOf('ws-backend'))
    const ask = (method: string, path: string, body?: string) =>
      new Promise<number>((resolve, reject) => {
        const stream = session.request({ ':method': method, ':path': path })
        stream.on('response', (headers) => resolve(Number(headers[':status'])))
        stream.on('error', reject)
        stream.resume()
        stream.end(body)
      })
    for (const path of ['//', '/\\\\', '/nowhere', '/authority/feed/']) {
      expect(await ask('GET', path)).toBe(404)
    }
    for (const body of ['', '{', '[]', '{"identities":[{}]}']) {
      expect(await ask('POST', '/authority/check', body)).toBe(400)
    }
    // Questions taken back while they are answered, in every way HTTP/2 has.
    for (const code of [constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_CANCEL]) {
      const closed = Array.from({ length: 100 }, () => {
        const stream = session.request({ ':method': 'POST', ':path': '/authority/check' })
        stream.on('error', () => {})
        stream.end('{"identities":[]}')
        stream.close(code)
        return once(stream, 'close')
      })
      await Promise.all(closed)
    }
    expect(await ask('POST', '/authority/check', '{"identities":[]}')).toBe(200)
    session.close()
  })
})
