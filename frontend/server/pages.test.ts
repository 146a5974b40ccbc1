// The page server's answers over real HTTP on loopback; TLS and roles are main.ts's.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeServer, listen } from '@sallyport/service-kit/listen'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createPagesHandler } from './pages.ts'

const page = { accept: 'text/html,application/xhtml+xml' }

describe.each([{ reread: false }, { reread: true }])('pages with reread $reread', ({ reread }) => {
  let directory: string
  let server: Server
  let origin: string
  let outages: unknown[]
  const onUnavailable = (outage: object) => void outages.push(outage)

  beforeEach(async () => {
    outages = []
    directory = mkdtempSync(join(tmpdir(), 'sallyport-pages-'))
    mkdirSync(join(directory, 'assets'))
    writeFileSync(join(directory, 'index.html'), '<!doctype html><title>gate</title>')
    writeFileSync(join(directory, 'assets', 'main-abc123.js'), 'let a = 1')
    server = createServer(createPagesHandler({ assetsDirectory: directory, reread, onUnavailable }))
    origin = `http://127.0.0.1:${await listen(server, 0, '127.0.0.1')}`
  })

  afterEach(async () => {
    await closeServer(server, () => server.closeAllConnections())
    rmSync(directory, { recursive: true })
  })

  it('serves the page without letting it be cached', async () => {
    const answer = await fetch(`${origin}/`, { headers: page })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-cache')
    expect(await answer.text()).toContain('<title>gate</title>')
  })

  it('serves hashed assets as immutable', async () => {
    const answer = await fetch(`${origin}/assets/main-abc123.js`)
    expect(answer.headers.get('content-type')).toContain('javascript')
    expect(answer.headers.get('cache-control')).toContain('immutable')
    expect(await answer.text()).toBe('let a = 1')
  })

  it('serves the page for any address a person opens, and for it alone', async () => {
    const deep = await fetch(`${origin}/rooms/lobby?x=1`, { headers: page })
    expect(deep.status).toBe(200)
    expect(deep.headers.get('cache-control')).toBe('no-cache')
    const script = await fetch(`${origin}/rooms/lobby`, { headers: { accept: '*/*' } })
    expect(script.status).toBe(404)
    expect(script.headers.get('content-type')).toBe('application/problem+json')
  })

  it('answers a missing asset with 404 even when a page would be accepted', async () => {
    const answer = await fetch(`${origin}/assets/gone.js`, { headers: page })
    expect(answer.status).toBe(404)
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('refuses other methods and names the allowed ones', async () => {
    const answer = await fetch(`${origin}/`, { method: 'POST', body: 'x' })
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('GET, HEAD')
    expect(await answer.json()).toMatchObject({ code: 'method-not-allowed', status: 405 })
  })

  it('survives an impossible range and paths that climb or cannot be decoded', async () => {
    const ranged = await fetch(`${origin}/`, { headers: { ...page, range: 'bytes=5-2' } })
    expect(ranged.status).toBe(200)
    for (const path of ['/../package.json', '/%2e%2e/%2e%2e/etc/passwd', '/%', '/\\..\\x']) {
      expect(await statusOfRawPath(origin, path), path).toBe(404)
    }
  })

  it('RX.12 answers the body of the 503 that Traefik shows when something is down', async () => {
    const answer = await fetch(`${origin}/unavailable?status=502`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.headers.get('retry-after')).toBe('2')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const requestId = answer.headers.get('x-sallyport-request-id')
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
    expect(await answer.json()).toMatchObject({ code: 'unavailable', status: 503, requestId })
    expect(outages).toEqual([{ requestId, status: 502, host: new URL(origin).host }])
  })
})

it('serves a build that was replaced while the server runs when told to reread', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-pages-'))
  writeFileSync(join(directory, 'index.html'), 'first')
  const server = createServer(
    createPagesHandler({ assetsDirectory: directory, reread: true, onUnavailable: () => {} }),
  )
  const port = await listen(server, 0, '127.0.0.1')
  writeFileSync(join(directory, 'index.html'), 'second and longer')
  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: page })
  expect(await answer.text()).toBe('second and longer')
  await closeServer(server, () => server.closeAllConnections())
  rmSync(directory, { recursive: true })
})

/** `fetch` would normalise the path before it is sent. */
function statusOfRawPath(origin: string, path: string): Promise<number | undefined> {
  const { port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode))
    })
    request.once('error', reject)
    request.end()
  })
}
