import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  defaultPolicy,
  defaultWays,
  formatPolicyFault,
  parseSallyportFile,
  type SallyportFileOptions,
} from './sallyport-file.ts'

const options: SallyportFileOptions = {
  publicOrigins: ['http://localhost:8080', 'http://127.0.0.1:8080'],
  mode: 'development',
  defaults: { ways: defaultWays, allowMissingOrigin: true, perMinute: 10 },
}

const production: SallyportFileOptions = {
  ...options,
  publicOrigins: ['https://app.example.com'],
  mode: 'production',
}

function faultsOf(text: string, given = options): readonly string[] {
  const parsed = parseSallyportFile(text, given)
  return parsed.ok ? [] : parsed.error.map((fault) => formatPolicyFault('f', fault))
}

/** A file with one good route, `line` added to it. */
const withLine = (line: string) =>
  `version: 1\nroutes:\n  app:\n    kind: http\n    path: /app\n    backend: b\n    ${line}\nbackends:\n  b: { url: http://127.0.0.1:3000 }\n`

describe('sallyport.yml: what it becomes', () => {
  it('RX.13 is the one websocket route where nothing else is said', () => {
    const parsed = parseSallyportFile('version: 1\n', options)
    expect(parsed).toEqual({ ok: true, value: defaultPolicy(options) })
    expect(defaultPolicy(options).routes).toMatchObject([
      {
        name: 'websocket',
        kind: 'websocket',
        path: '/ws',
        hosts: [],
        backend: 'ws-backend',
        who: { groups: [], scopes: [], claims: {} },
        ways: defaultWays,
        origins: options.publicOrigins,
        allowMissingOrigin: true,
        attempts: { perMinute: 10, profile: 'strict', perSubjectPerMinute: 60 },
      },
    ])
  })

  it('RX.13 is complete: every member of a route, with `public` among origins spelt out', () => {
    const text = `version: 1
routes:
  app:
    kind: http
    path: /app
    hosts: [app.example.com]
    backend: b
    who: { groups: [staff], scopes: ['app:read'], claims: { plan: [gold], level: [3] } }
    ways: [session-cookie]
    origins: [public, 'https://other.example.com']
    allowMissingOrigin: false
    audience: my-api
    attempts: { perMinute: 5, profile: shared-address, perSubjectPerMinute: 7 }
    identityHeaders: [Remote-User]
    login: redirect
backends:
  b: { url: http://127.0.0.1:3000 }
`
    const parsed = parseSallyportFile(text, options)
    expect(parsed.ok && parsed.value.routes[0]).toEqual({
      name: 'app',
      kind: 'http',
      path: '/app',
      hosts: ['app.example.com'],
      backend: 'b',
      who: { groups: ['staff'], scopes: ['app:read'], claims: { plan: ['gold'], level: ['3'] } },
      ways: ['session-cookie'],
      origins: ['http://localhost:8080', 'http://127.0.0.1:8080', 'https://other.example.com'],
      allowMissingOrigin: false,
      audience: 'my-api',
      attempts: { perMinute: 5, profile: 'shared-address', perSubjectPerMinute: 7 },
      identityHeaders: ['Remote-User'],
      redirectToLogin: true,
    })
  })

  it('AUT-6 fills in what an issuer leaves out', () => {
    const text = `version: 1
issuers:
  - { issuer: 'https://id.example.com', keySetUrl: 'https://id.example.com/keys', audience: api }
`
    const parsed = parseSallyportFile(text, production)
    expect(parsed.ok && parsed.value.issuers).toEqual([
      {
        issuer: 'https://id.example.com',
        prefix: 'id.example.com:',
        keySetUrl: 'https://id.example.com/keys',
        algorithms: ['RS256', 'ES256'],
        tokenType: undefined,
        audience: 'api',
        audienceClaim: 'aud',
        clockToleranceSeconds: 5,
        maxLifeSeconds: 3600,
        claims: {
          subject: 'sub',
          username: 'preferred_username',
          groups: 'groups',
          scopes: 'scope',
        },
      },
    ])
  })

  it('RX.13 gives an http route only ways that a plain request can take', () => {
    const parsed = parseSallyportFile(withLine('login: refuse'), options)
    expect(parsed.ok && parsed.value.routes[0]?.ways).toEqual(['session-cookie', 'authorization'])
  })

  it('FMA-1 leaves first-message out of what a route to another backend inherits', () => {
    const ways = ['authorization', 'first-message'] as const
    const given = { ...options, defaults: { ...options.defaults, ways } }
    const text = `version: 1
routes:
  ours: { kind: websocket, path: /ours }
  theirs: { kind: websocket, path: /theirs, backend: b }
backends:
  b: { url: 'http://127.0.0.1:3000' }
`
    const parsed = parseSallyportFile(text, given)
    expect(parsed.ok && parsed.value.routes.map((route) => route.ways)).toEqual([
      ways,
      ['authorization'],
    ])
  })
})

describe('sallyport.yml: what is wrong with it', () => {
  it('RX.13 names all faults at once, by line and column, the nearest known word beside an unknown one', () => {
    const text = `version: 1
routs: {}
routes:
  chat:
    kind: websocket
    path: /chat/
    wayz: [ticket]
    backend: nowhere
  Live:
    kind: websocket
    path: /live
  app:
    kind: http
    path: /app
addresses: { blocked: [10.0.0.0/33] }
backends:
  grafana: { url: 'http://127.0.0.1:3000/x' }
`
    expect(faultsOf(text).map((fault) => fault.replace(/(:.*?:.*?):.*/, '$1'))).toEqual([
      'f:2:1',
      'f:6:11',
      'f:7:5',
      'f:9:3',
      'f:12:3',
      'f:15:24',
      'f:17:19',
    ])
    expect(faultsOf(text)[0]).toBe('f:2:1: there is no "routs", did you mean routes?')
    expect(faultsOf(text)[2]).toContain('did you mean ways?')
  })

  it.each([
    ['an empty file', ''],
    ['a list', '- 1\n'],
    ['another version', 'version: 2\n'],
    ['a torn file', 'version: 1\nroutes: {\n'],
    ['two documents', 'version: 1\n---\nversion: 1\n'],
    ['a member twice', 'version: 1\nversion: 1\n'],
    ['much nesting', `version: 1\nroutes: ${'['.repeat(50)}${']'.repeat(50)}\n`],
    ['endless nesting', '['.repeat(100_000)],
    ['more than 256 KiB', `version: 1\n#${'x'.repeat(256 * 1024)}\n`],
    ['aliases of aliases', `a: &a [1,1]\nb: &b [${'*a,'.repeat(99)}]\nc: [${'*b,'.repeat(99)}]\n`],
  ])('RX.13 refuses %s', (_name, text) => {
    expect(faultsOf(text).length).toBeGreaterThan(0)
  })

  it.each([
    ['a template', "audience: '{{env`x`}}'", 7],
    ['a control character', 'who: { groups: ["a\\u0007b"] }', 7],
    ['a demand that libraries skip', 'who: { claims: { __proto__: [gold] } }', 7],
    ['groups that name nobody', 'who: { groups: [] }', 7],
    ['scopes that name nothing', 'who: { scopes: [] }', 7],
    ['an unknown way', 'ways: [password]', 7],
    ['a way for websockets', 'ways: [ticket]', 7],
    ['no way at all', 'ways: []', 7],
    ['the same way twice', 'ways: [authorization, authorization]', 7],
    ['an origin with a path', 'origins: [https://app.example.com/]', 7],
    ['an origin in upper case', 'origins: [https://App.example.com]', 7],
    ['an origin with its usual port', 'origins: [https://app.example.com:443]', 7],
    ['an origin that is a pattern', "origins: ['https://*.example.com']", 7],
    ['an origin with a backtick', "origins: ['https://a`b']", 7],
    ['the origin null', "origins: ['null']", 7],
    ['a host with a port', "hosts: ['app.example.com:8080']", 7],
    ['a host with a dot at its end', 'hosts: [app.example.com.]', 7],
    ['a host in upper case', 'hosts: [App.example.com]', 7],
    ['a host with a backtick', "hosts: ['a`']", 7],
    ['an unknown identity header', 'identityHeaders: [X-Admin]', 7],
    ['no attempts', 'attempts: { perMinute: 0 }', 7],
  ])('RX.13 refuses %s, where it stands', (_name, line, at) => {
    expect(faultsOf(withLine(line)).map((fault) => Number(fault.split(':')[1]))).toEqual([at])
  })

  it.each([
    '/ws',
    '/auth',
    '/auth/x',
    '/unavailable',
    '/ws/health',
    '/',
    'app',
    '/app/',
    '//app',
    '/a/../b',
    '/a%2fb',
    '/a b',
    '/a`b',
    '/a?b',
    '/a#b',
    '/ä',
    '/./a',
  ])('HDR-3 refuses an http route at %s', (path) => {
    expect(faultsOf(withLine('').replace('/app', path))).toHaveLength(1)
  })

  it.each([
    '/',
    '/auth',
    '/auth/ws',
    '/ws/health',
    '/unavailable',
    '/ws/',
  ])('HDR-3 refuses a websocket route at %s', (path) => {
    const text = `version: 1\nroutes:\n  live: { kind: websocket, path: ${path} }\n`
    expect(faultsOf(text)).toHaveLength(1)
  })

  it('HDR-3 refuses two routes at one path of one host, and a route where another has its probe', () => {
    const two = (a: string, b: string) =>
      `version: 1\nroutes:\n  a: { kind: websocket, ${a} }\n  b: { kind: websocket, ${b} }\n`
    expect(faultsOf(two('path: /x', 'path: /x'))).toHaveLength(1)
    expect(faultsOf(two('path: /x, hosts: [h, i]', 'path: /x, hosts: [i]'))).toHaveLength(1)
    expect(faultsOf(two('path: /x', 'path: /x/probe'))).toHaveLength(1)
    expect(faultsOf(two('path: /x/probe', 'path: /x'))).toHaveLength(1)
    expect(faultsOf(two('path: /x, hosts: [h]', 'path: /x, hosts: [i]'))).toEqual([])
    expect(faultsOf(two('path: /x, hosts: [h]', 'path: /x'))).toEqual([])
  })

  it.each([
    'auth',
    'pages',
    'x-auth',
    'websocket-health',
    'x-probe',
    'X',
    '1x',
    'x-',
    'x'.repeat(33),
  ])('RX.13 refuses the name %s', (name) => {
    const text = `version: 1\nroutes:\n  ${name}: { kind: websocket, path: /x }\n`
    expect(faultsOf(text)).toHaveLength(1)
  })

  it('RX.13 sends nothing to a login page that could never show', () => {
    expect(
      faultsOf('version: 1\nroutes:\n  a: { kind: websocket, path: /x, login: redirect }\n'),
    ).toHaveLength(1)
    const atRoot = withLine('login: redirect')
      .replace('/app', '/')
      .replace('kind', 'hosts: [h]\n    kind')
    expect(faultsOf(atRoot)).toHaveLength(1)
    expect(faultsOf(withLine('login: redirect\n    ways: [authorization]'))).toHaveLength(1)
  })

  it.each(['0.0.0.0/00', '10.0.0.0/08', '::/129'])('R4.9 refuses the range %s', (range) => {
    const text = `version: 1\naddresses: { blocked: ['${range}'] }\n`
    expect(faultsOf(text)).toEqual([expect.stringMatching(/^f:2:\d+: addresses\.blocked\.0: /)])
  })

  it('FMA-1 refuses first-message where the backend is not ours, which alone knows pending sockets', () => {
    const live = (line: string) =>
      `version: 1\nroutes:\n  live: { kind: websocket, path: /live, ${line} }\nbackends:\n  b: { url: 'http://127.0.0.1:3000' }\n`
    expect(faultsOf(live('backend: b, ways: [authorization, first-message]'))).toEqual([
      expect.stringMatching(/^f:3:\d+: routes\.live\.ways: first-message/),
    ])
    expect(faultsOf(live('backend: ws-backend, ways: [first-message]'))).toEqual([])
    expect(faultsOf(live('ways: [first-message]'))).toEqual([])
  })

  it('AUT-13 refuses the names of backends whose keys would take the place of others', () => {
    for (const name of ['master', 'ws-backend', 'auth-sidecar', 'frontend']) {
      const text = `version: 1\nbackends:\n  ${name}: { url: 'http://127.0.0.1:3000' }\n`
      expect(faultsOf(text)).toEqual([expect.stringContaining('this name is taken')])
    }
  })

  it.each([
    '../x',
    'a/b',
    'a.b',
    '..',
    'A',
    '%2e',
  ])('AUT-13 refuses %j as the name of a backend: a file of keys is called after it', (name) => {
    const text = `version: 1\nbackends:\n  '${name}': { url: 'http://127.0.0.1:3000' }\n`
    expect(faultsOf(text)).toHaveLength(1)
  })

  it('AUT-4 refuses symmetric algorithms, an issuer named twice, and in production whatever is not https', () => {
    const issuer = (more: string) =>
      `version: 1\nissuers:\n  - { issuer: 'http://localhost:9', keySetUrl: 'http://127.0.0.1:9/k', audience: a${more} }\n`
    expect(faultsOf(issuer(''))).toEqual([])
    expect(faultsOf(issuer(', algorithms: [HS256]'))).toHaveLength(1)
    expect(faultsOf(issuer(', algorithms: [none]'))).toHaveLength(1)
    expect(faultsOf(issuer(', algorithms: []'))).toHaveLength(1)
    expect(faultsOf(issuer(''), production)).toHaveLength(2)
    const entry = "  - { issuer: 'https://id.test', keySetUrl: 'https://id.test/k', audience: a }\n"
    expect(faultsOf(`version: 1\nissuers:\n${entry}${entry}`)).toHaveLength(1)
  })

  it.each([
    ['http://id.test', 2],
    ['http://127.0.0.1.id.test', 2],
    ['http://localhost.id.test', 2],
    ['http://10.0.0.1:9', 2],
    ['http://[::2]:9', 2],
    ['http://[::1]:9', 0],
    ['http://127.9.9.9', 0],
    ['https://id.test', 0],
  ])('AUT-4 in development, too, believes no keys that came from %s over plain http', (url, faults) => {
    const text = `version: 1\nissuers:\n  - { issuer: '${url}', keySetUrl: '${url}/k', audience: a }\n`
    expect(faultsOf(text)).toHaveLength(faults)
  })

  it('ORG-1 refuses http origins in production', () => {
    expect(faultsOf(withLine('origins: [http://app.example.com]'), production)).toHaveLength(1)
    expect(faultsOf(withLine('origins: [http://app.example.com]'))).toEqual([])
  })
})

it('RX.13 never throws and never makes a policy of noise', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json()), (text) => {
      expect(parseSallyportFile(text, options).ok).toBe(false)
    }),
  )
})

it('RX.13 never throws, whatever stands where a route, backend or issuer is expected', () => {
  const noise = fc.dictionary(fc.string(), fc.jsonValue())
  const member = fc.constantFrom('routes', 'backends', 'issuers', 'addresses')
  fc.assert(
    fc.property(member, fc.oneof(noise, fc.jsonValue()), (name, value) => {
      const parsed = parseSallyportFile(JSON.stringify({ version: 1, [name]: value }), options)
      // Nothing but an empty part is good by accident.
      const isEmpty = JSON.stringify(value) === '{}' || JSON.stringify(value) === '[]'
      if (parsed.ok) expect(isEmpty).toBe(true)
    }),
  )
})
