// Applications behind the gate, through the whole system: what they get, what they never see, the way to the login
// page and back.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type DemoApplication,
  type Seen,
  startDemoApplication,
} from '../support/demo-application.ts'
import { login, publicUrl, request } from '../support/http.ts'
import { rawUpgrade } from '../support/raw-upgrade.ts'
import { type Stack, startStack } from '../support/stack.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-http-'))
let application: DemoApplication
let stack: Stack

beforeAll(async () => {
  application = await startDemoApplication()
  const path = join(folder, 'sallyport.yml')
  writeFileSync(
    path,
    `version: 1
routes:
  websocket: { kind: websocket, path: /ws }
  app:
    kind: http
    path: /app
    backend: demo
    who: { groups: [staff] }
    identityHeaders: [X-Auth-Request-User, X-Auth-Request-Groups, Remote-User]
    login: redirect
  admin: { kind: http, path: /app/admin, backend: demo, who: { groups: [admins] } }
backends:
  demo: { url: '${application.url}' }
`,
  )
  stack = await startStack({ SALLYPORT_POLICY_FILE: path })
})

afterAll(async () => {
  await stack?.stop()
  await application?.close()
  rmSync(folder, { recursive: true })
})

const ask = (target: string, headers: Record<string, string> = {}, method = 'GET') =>
  request(publicUrl(stack, target), { headers, method })

const seenBy = (body: string) => JSON.parse(body) as Seen

const page = {
  'sec-fetch-site': 'none',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  accept: 'text/html',
}

describe('what an application gets', () => {
  it('RX.13 R0.9 the identity of a session and of a token, and neither credential', async () => {
    const { cookie, token } = await login(stack)
    for (const headers of [
      { cookie: `theme=dark; ${cookie}`, authorization: '' },
      { authorization: `Bearer ${token}`, cookie: 'theme=dark' },
    ]) {
      const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''))
      const { status, body } = await ask('/app/page?x=1', given)
      expect(status).toBe(200)
      const seen = seenBy(body)
      expect(seen.url).toBe('/app/page?x=1')
      expect(seen.headers).toMatchObject({
        'x-auth-request-user': 'alice',
        'x-auth-request-groups': 'staff',
        'remote-user': 'alice',
        cookie: 'theme=dark',
      })
      expect(seen.headers).not.toHaveProperty('authorization')
      expect(JSON.stringify(seen)).not.toContain(cookie.split('=')[1])
      expect(JSON.stringify(seen)).not.toContain(token)
    }
  })

  it('W11 W12 HDR-5 no identity that a client made up, not even one that the sidecar does not set', async () => {
    const { cookie } = await login(stack)
    const { body } = await ask('/app', {
      cookie,
      'remote-user': 'root',
      remote_user: 'root',
      'x-auth-request-user': 'root',
      'x-auth-request-email': 'root@example.com',
      'x-auth-request-groups': 'admin',
      'x-auth-roles': 'admin',
      'x-sallyport-identity': 'x.y.z',
      'x-forwarded-user': 'root',
      forwarded: 'for=1.2.3.4',
      'x-original-url': '/admin',
    })
    expect(body).not.toMatch(/root|admin|x\.y\.z|1\.2\.3\.4/)
    expect(seenBy(body).headers['remote-user']).toBe('alice')
  })

  it('RX.13 takes from its answers what would reach beyond it', async () => {
    const { cookie } = await login(stack)
    const { headers } = await ask('/app', { cookie })
    expect(headers).not.toHaveProperty('clear-site-data')
    expect(headers).not.toHaveProperty('service-worker-allowed')
    expect(headers['x-content-type-options']).toBe('nosniff')
  })
})

describe('what never reaches it', () => {
  it('RX.13 whoever is not signed in, not in the group, or sent by another site', async () => {
    const before = application.seen.length
    const { cookie } = await login(stack)
    const bob = await login(stack, 'bob')
    expect((await ask('/app')).status).toBe(401)
    expect((await ask('/app', { cookie: bob.cookie })).status).toBe(403)
    const foreign = { cookie, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect((await ask('/app', foreign, 'POST')).status).toBe(403)
    expect((await ask('/app', { cookie }, 'POST')).status).toBe(403)
    const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'PUT' }
    const answered = await ask('/app', preflight, 'OPTIONS')
    expect(answered.headers).not.toHaveProperty('access-control-allow-origin')
    expect((await ask('/app', { cookie }, 'TRACE')).status).toBe(405)
    expect(application.seen.length).toBe(before)
  })

  it('HDR-3 a path that only looks like its own', async () => {
    const before = application.seen.length
    const { cookie } = await login(stack)
    for (const target of ['/apple', '/APP', '/app%2f..%2fadmin', '/app/..%2fadmin', '/app;x']) {
      const answer = await rawUpgrade(stack, {
        target,
        headers: [['Cookie', cookie]],
        without: ['Connection', 'Upgrade'],
      })
      answer.socket.destroy()
    }
    expect(application.seen.length).toBe(before)
  })

  it('HDR-3 a path that it could read as one of the route below, whose rules are stricter', async () => {
    const before = application.seen.length
    const { cookie } = await login(stack)
    expect((await ask('/app/admin', { cookie })).status).toBe(403)
    for (const target of [
      '/app/ADMIN',
      '/app/Admin/',
      '/app/admin;x',
      '/app/admin.',
      '/app/admin%20',
    ]) {
      expect((await ask(target, { cookie })).status, target).toBe(404)
    }
    // Traefik makes one slash of these itself, and so takes it to the route below.
    expect((await ask('/app//admin', { cookie })).status).toBe(403)
    expect(application.seen.length).toBe(before)
    expect((await ask('/app/administration', { cookie })).status).toBe(200)
  })

  it('RX.13 an upgrade', async () => {
    const before = application.seen.length
    const { cookie } = await login(stack)
    const answer = await rawUpgrade(stack, { target: '/app', headers: [['Cookie', cookie]] })
    answer.socket.destroy()
    expect(answer.status).toBe(404)
    expect(application.seen.length).toBe(before)
  })
})

describe('the way to the login page', () => {
  it('RX.13 is shown to page navigations and leads back to where they were', async () => {
    const { status, headers } = await ask('/app/page?x=1&y=%2F', page)
    expect(status).toBe(302)
    expect(headers.location).toBe('/?return=%2Fapp%2Fpage%3Fx%3D1%26y%3D%252F')
    expect(headers['cache-control']).toBe('no-store')
    expect((await ask('/app', { 'sec-fetch-mode': 'cors', accept: 'text/html' })).status).toBe(401)
  })

  // Another's path is the page's (200) or nobody's (404), a malformed one Traefik's (400); ours is 302, and back to ours.
  it.each([
    ['//evil.example/app', 200],
    ['/\\evil.example/app', 400],
    ['/app//evil.example', 302],
    ['/app/../..//evil.example', 200],
    ['/app/%0d%0aLocation:%20https://evil.example', 302],
    ['/app?return=https://evil.example', 302],
    ['http://evil.example/app', 302],
    ['/app@evil.example', 200],
  ] as const)('RX.13 leads nowhere else when %s is asked for: %i', async (target, status) => {
    const lines = Object.entries(page).map(([name, value]) => [name, value] as const)
    const answer = await rawUpgrade(stack, {
      target,
      headers: lines,
      without: ['Connection', 'Upgrade', 'Origin'],
    })
    answer.socket.destroy()
    const { location } = answer.headers
    expect([answer.status, location !== undefined]).toEqual([status, status === 302])
    if (location === undefined) return
    expect(location).toMatch(/^\/\?return=%2Fapp/)
    const back = new URL(location, stack.endpoints.public).searchParams.get('return') ?? ''
    expect(new URL(back, stack.endpoints.public).origin).toBe(stack.endpoints.public)
  })
})
