import { describe, expect, it } from 'vitest'
import { foldPath, isReadAsDeeper } from './deeper-route.ts'

const http = (path: string, hosts: readonly string[] = []) =>
  ({ kind: 'http', path, hosts }) as const

const app = http('/app')
const routes = [app, http('/app/admin'), http('/app/v1.2/Old'), http('/other')]
const isDeeper = (
  path: string,
  judged = app,
  known: Parameters<typeof isReadAsDeeper>[2] = routes,
) => isReadAsDeeper({ path, host: 'app.example.com:8080' }, judged, known)

describe('a path that an application may read as that of a deeper route', () => {
  it.each([
    '/app/ADMIN',
    '/app/Admin/',
    '/app/ADMIN/users',
    '/app/admin;x',
    '/app/admin;x/users',
    '/app/admin%3bx',
    '/app/;x/admin',
    '/app//admin',
    '/app///admin/users',
    '/app/adm%69n',
    '/app/%41dmin',
    '/app/admin.',
    '/app/admin...',
    '/app/admin%20',
    '/app/admin.%20/users',
    '/app/admin%09',
    '/app/.../admin',
    '/app/x/../admin',
    '/app/./admin',
    '/app/adm%C4%B1n',
    '/app/V1.2/OLD',
  ])('HDR-3 is %s', (path) => {
    expect(isDeeper(path)).toBe(true)
  })

  it.each([
    '/app',
    '/app/',
    '/app/administration',
    '/app/x/admin',
    '/app/adm',
    '/app/admin2',
    '/app/admin-x',
    '/app/%2541dmin',
    '/app/v1/2/old',
    // Traefik takes these to the deeper route itself.
    '/app/admin',
    '/app/admin/',
    '/app/admin/X;y//z',
    '/app/v1.2/Old/x',
  ])('HDR-3 is not %s', (path) => {
    expect(isDeeper(path)).toBe(false)
  })

  it('HDR-3 is none where the deeper route belongs to another host, or never comes first', () => {
    const other = http('/app/admin', ['other.example.com'])
    expect(isDeeper('/app/ADMIN', app, [app, other])).toBe(false)
    const same = http('/app/admin', ['app.example.com'])
    expect(isDeeper('/app/ADMIN', app, [app, same])).toBe(true)
    const hosted = http('/app', ['app.example.com'])
    expect(isDeeper('/app/ADMIN', hosted, [hosted, http('/app/admin')])).toBe(false)
    expect(isDeeper('/app/ADMIN', hosted, [hosted, same])).toBe(true)
    const root = http('/', ['app.example.com'])
    expect(isDeeper('/App/Admin', root, [root, same])).toBe(true)
  })

  it('HDR-3 is none of a websocket’s, and none of a route beside it or above', () => {
    const socket = { kind: 'websocket', path: '/app/admin', hosts: [] } as const
    expect(isDeeper('/app/ADMIN', app, [app, socket])).toBe(false)
    const [upper, lower, above] = [http('/app/ADMIN'), http('/app/admin'), http('/app')]
    expect(isDeeper('/app/ADMIN/x', upper, [upper, lower, above])).toBe(false)
    expect(isDeeper('/app/Admin/x', above, [upper, lower, above])).toBe(true)
  })
})

it('HDR-3 folds whatever is asked for without a fault', () => {
  expect(foldPath('/%ff%/%zz/..;/%e2%84%aa/')).toBe('/\ufffd%/k')
  expect(foldPath('/')).toBe('/')
  expect(foldPath('/../..')).toBe('/')
})

it('HDR-3 folds the longest paths in no time, whatever they are made of', () => {
  for (const part of ['.', '%20', '%', ';', '/', '%2e', '. ', '%41']) {
    const path = `/app/${part.repeat(60_000)}x`
    const startedAtMs = performance.now()
    foldPath(path)
    expect(performance.now() - startedAtMs, part).toBeLessThan(500)
  }
})
