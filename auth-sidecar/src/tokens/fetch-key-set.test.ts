import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { fetchJson, maxDocumentBytes } from './fetch-key-set.ts'

const servers: Server[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
}

const answering =
  (type: string, body: string | Buffer, status = 200): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': type }).end(body)
  }

const read = (url: string, allowPlainHttp = true) => fetchJson(url, { fetch, allowPlainHttp })

describe('fetching a key set', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/jwk-set+json',
  ])('AUT-14 reads a document of type %s', async (type) => {
    const url = await serve(answering(type, '{"keys":[]}'))
    expect(await read(url)).toEqual({ ok: true, value: { keys: [] } })
  })

  it('AUT-14 asks without credentials, for exactly the configured address', async () => {
    const seen: unknown[] = []
    const url = await serve((request, response) => {
      const { authorization, cookie, referer } = request.headers
      seen.push([request.method, request.url, authorization, cookie, referer])
      response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b' }).end('{}')
    })
    await read(url)
    await read(url)
    const nothing = ['GET', '/keys', undefined, undefined, undefined]
    expect(seen).toEqual([nothing, nothing])
  })

  it('AUT-14 follows no redirect, not even to itself', async () => {
    let requests = 0
    const url = await serve((_request, response) => {
      requests++
      response.writeHead(302, { location: '/other' }).end()
    })
    expect(await read(url)).toEqual({ ok: false, error: 'redirect' })
    expect(requests).toBe(1)
  })

  it('AUT-14 takes no plain http in production', async () => {
    let requests = 0
    const url = await serve((_request, response) => {
      requests++
      response.end()
    })
    expect(await read(url, false)).toEqual({ ok: false, error: 'plain-http' })
    expect(await read('file:///etc/passwd')).toEqual({ ok: false, error: 'plain-http' })
    expect(requests).toBe(0)
  })

  it.each([
    ['J15 500', answering('application/json', '{}', 500), 'status'],
    ['J15 204', answering('application/json', '', 204), 'status'],
    ['J15 a page', answering('text/html', '{"keys":[]}'), 'content-type'],
    ['J15 a type that only begins well', answering('application/jsonp', '{}'), 'content-type'],
    ['J15 no JSON', answering('application/json', '<html>'), 'not-json'],
    ['J18 a member twice', answering('application/json', '{"keys":[],"keys":[]}'), 'not-json'],
    ['J26 deep JSON', answering('application/json', '['.repeat(100_000)), 'not-json'],
    ['J15 nothing', answering('application/json', ''), 'not-json'],
  ] as const)('%s is a fault', async (_name, listener, fault) => {
    expect(await read(await serve(listener))).toEqual({ ok: false, error: fault })
  })

  it('J15 stops reading at the cap, announced or not', async () => {
    let written = 0
    const chunk = Buffer.alloc(65_536, ' ')
    // 100 MB, unless the reader hangs up.
    function* chunks() {
      for (; written < 100_000_000; written += chunk.length) yield chunk
    }
    const endless = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      pipeline(Readable.from(chunks()), response, () => undefined)
    })
    expect(await read(endless)).toEqual({ ok: false, error: 'too-large' })
    expect(written).toBeLessThan(20_000_000)

    const announced = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100_000_000 })
      response.flushHeaders()
    })
    expect(await read(announced)).toEqual({ ok: false, error: 'too-large' })
  })

  it('J15 200,000 keys are too large', async () => {
    const keys = Array.from({ length: 200_000 }, (_, index) => ({ kid: `k${index}` }))
    const url = await serve(answering('application/json', JSON.stringify({ keys })))
    expect(await read(url)).toEqual({ ok: false, error: 'too-large' })
  })

  it('J15 counts what is unpacked, not what travelled', async () => {
    const bomb = gzipSync(Buffer.alloc(maxDocumentBytes * 100, ' '))
    const url = await serve((_request, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        .end(bomb)
    })
    expect(bomb.length).toBeLessThan(maxDocumentBytes)
    expect(await read(url)).toEqual({ ok: false, error: 'too-large' })
  })

  it.each([
    ['never answers', (() => undefined) as RequestListener],
    [
      'drips',
      ((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        const drip = setInterval(() => response.write(' '), 50)
        response.on('close', () => clearInterval(drip))
      }) as RequestListener,
    ],
  ])('J15 gives up on who %s', async (_name, listener) => {
    const url = await serve(listener)
    const read = fetchJson(url, { fetch, allowPlainHttp: true, timeoutMs: 200 })
    expect(await read).toEqual({ ok: false, error: 'unreachable' })
  })

  it('J15 nobody there, or a hang-up in the middle, is a fault', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 10 })
      response.write('{')
      response.destroy()
    })
    expect(await read(url)).toEqual({ ok: false, error: 'unreachable' })
    const [server] = servers.splice(0)
    server?.closeAllConnections()
    server?.close()
    expect(await read(url)).toEqual({ ok: false, error: 'unreachable' })
  })
})
