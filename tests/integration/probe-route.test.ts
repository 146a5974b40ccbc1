// The routers around the probe: which request is one, and what becomes of those that only look like it.

import { describe, expect, inject, it } from 'vitest'
import { login, publicUrl, request } from '../support/http.ts'
import { readStack } from '../support/stack.ts'

const stack = readStack(inject('stateFolder'))
const { public: origin } = stack.endpoints

const probe = (headers: Record<string, string>, method = 'POST') =>
  request(publicUrl(stack, '/ws/probe'), { method, headers })

describe('POST /ws/probe', () => {
  it('RX.13 is answered by the backend for whoever could connect now, and leaves nothing behind', async () => {
    const { cookie, token } = await login(stack)
    const good = { origin, 'x-sallyport-probe': '1' }
    expect((await probe({ ...good, cookie })).status).toBe(204)
    expect((await probe({ ...good, authorization: `Bearer ${token}` })).status).toBe(204)
  })

  it('R0.4 says what an upgrade would be told', async () => {
    const good = { origin, 'x-sallyport-probe': '1' }
    const nobody = await probe(good)
    expect(nobody.status).toBe(401)
    expect(JSON.parse(nobody.body)).toMatchObject({ code: 'authentication-required' })
    const foreign = await probe({ ...good, origin: 'https://evil.example' })
    expect(JSON.parse(foreign.body)).toMatchObject({ code: 'origin-not-allowed' })
  })

  it('ORG-7 is no probe without its header, nor by GET: it never reaches the backend then', async () => {
    const { cookie } = await login(stack)
    const get = await probe({ origin, cookie, 'x-sallyport-probe': '1' }, 'GET')
    expect([get.status, get.headers.allow]).toEqual([405, 'POST'])
    for (const headers of [
      { origin, cookie },
      { origin, cookie, 'x-sallyport-probe': '2' },
    ]) {
      const answer = await probe(headers)
      expect([answer.status, JSON.parse(answer.body)]).toMatchObject([
        400,
        { code: 'malformed-request', detail: 'Send the header X-Sallyport-Probe: 1' },
      ])
    }
  })

  it('ORG-5 lets only listed pages of other origins ask, by preflight', async () => {
    const preflight = (from: string) =>
      probe(
        {
          origin: from,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'x-sallyport-probe',
        },
        'OPTIONS',
      )
    expect((await preflight(origin)).headers['access-control-allow-origin']).toBe(origin)
    expect((await preflight('https://evil.example')).headers).not.toHaveProperty(
      'access-control-allow-origin',
    )
  })
})

describe('what no router is for', () => {
  it('SEC-1 is 404 as problem+json, with the security headers', async () => {
    for (const [method, path] of [
      ['POST', '/'],
      ['DELETE', '/anything'],
      ['GET', '/unavailable'],
    ] as const) {
      const { status, headers } = await request(publicUrl(stack, path), { method })
      expect([status, headers['content-type']], path).toEqual([404, 'application/problem+json'])
      expect(headers['content-security-policy'], path).toContain("default-src 'self'")
    }
  })
})
