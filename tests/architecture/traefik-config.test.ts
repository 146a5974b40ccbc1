import {
  credentialHeaders,
  identityHeaderPattern,
  identityHeaders,
} from '@sallyport/contracts/identity-headers'
import { applicationHeaders } from '@sallyport/contracts/policy'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { checkedInRoutes } from '../../launcher/src/traefik/checked-in-routes.ts'
import { readSources, readText } from './repository.ts'
import {
  type DynamicConfig,
  environment,
  type Router,
  readDynamicConfig,
  readStaticConfig,
  renderTemplate,
} from './traefik-files.ts'

const dynamic = readDynamicConfig()
const fixed = readStaticConfig()

/** The name without the provider that it comes from. */
const plain = (name: string) => name.replace(/@file$/, '')

/** The middlewares of a router in the order in which a request meets them, chains unfolded. */
function unfold(names: readonly string[] = []): string[] {
  return names.flatMap((name) => {
    const middleware = dynamic.middlewares[plain(name)]
    if (!middleware) throw new Error(`there is no middleware ${name}`)
    const inner = middleware['chain']?.['middlewares'] as readonly string[] | undefined
    return inner ? unfold(inner) : [plain(name)]
  })
}

/** routes.yml of a `sallyport.yml` with the usual route, this one, and its backend. */
function checkedInRoutesOf(line: string): string {
  const usual = '  websocket: { kind: websocket, path: /ws }'
  const backends = "backends:\n  app: { url: 'http://127.0.0.1:3000' }"
  const rendered = checkedInRoutes(['version: 1', 'routes:', usual, line, backends].join('\n'))
  if (!rendered.ok) throw new Error(rendered.error.join('\n'))
  return rendered.value
}

const routers = Object.entries(dynamic.routers)
/** What the machine itself may ask; everything else is for the public. */
const managementRouters: readonly string[] = ['management_admin', 'management_ready']
const publicRouters = routers.filter(([name]) => !managementRouters.includes(name))
const developmentOrigins = ['http://localhost:8080', 'http://127.0.0.1:8080', 'http://[::1]:8080']
const reaching = (service: string) =>
  routers.filter(([, router]) => plain(router.service) === service)

describe('the chain', () => {
  it('R2.6 is security headers, CORS, rate limit, authentication, in this order', () => {
    expect(dynamic.middlewares['websocket-chain']).toEqual({
      chain: {
        middlewares: [
          'security-headers',
          'websocket-cors',
          'websocket-rate-limit',
          'websocket-auth',
        ],
      },
    })
  })

  it('R2.6 is what the pinned WebSocket router uses', () => {
    const router = dynamic.routers['websocket'] as Router
    expect(router.middlewares).toContain('websocket-chain@file')
    expect(router.rule.replace(/\s+/g, ' ')).toBe(
      'Path(`/ws`) && Method(`GET`) && Header(`Connection`,`Upgrade`) && ' +
        'HeaderRegexp(`Upgrade`,`(?i)^websocket$`) && Header(`Sec-WebSocket-Version`,`13`)',
    )
    expect(router.service).toBe('ws-backend')
  })

  it('RC.1 RX.13 stands before the backend on every router but the public health', () => {
    const chains = {
      websocket: 'websocket-chain@file',
      'websocket-foreign': 'websocket-chain@file',
      'websocket-probe': 'websocket-probe-chain@file',
    }
    const names = reaching('ws-backend').map(([name]) => name)
    expect(names.toSorted()).toEqual([...Object.keys(chains), 'websocket-health'].toSorted())
    for (const [name, chain] of Object.entries(chains)) {
      const { middlewares } = dynamic.routers[name] as Router
      expect(middlewares, name).toContain(chain)
      const question = name === 'websocket-probe' ? 'websocket-probe-auth' : 'websocket-auth'
      expect(unfold(middlewares).at(-1), name).toBe(question)
    }
  })

  it('RX.11 has a flood wall apart for pages of other origins, on the same upgrade', () => {
    const [own, foreign] = [dynamic.routers['websocket'], dynamic.routers['websocket-foreign']]
    expect(foreign?.middlewares).toEqual(own?.middlewares)
    expect(foreign?.priority).toBeGreaterThan(own?.priority ?? 0)
    const words = (rule = '') => rule.replace(/\s+/g, ' ')
    expect(words(foreign?.rule)).toBe(
      `${words(own?.rule)} && HeaderRegexp(\`Origin\`,\`.\`)${developmentOrigins
        .map((origin) => ` && !Header(\`Origin\`,\`${origin}\`)`)
        .join('')}`,
    )
  })

  it('R3.9 lets the public health through without a credential, on its exact path', () => {
    const router = dynamic.routers['websocket-health'] as Router
    expect(router.rule).toBe('Path(`/ws/health`) && Method(`GET`) && !HeaderRegexp(`Upgrade`,`.`)')
    expect(unfold(router.middlewares)).toContain('strip-credentials')
    expect(unfold(router.middlewares)).not.toContain('websocket-auth')
  })

  it('RC.1 leaves nothing at /ws to the front end: what is no upgrade goes to the sidecar', () => {
    const refused = dynamic.routers['websocket-refused'] as Router
    const { priority } = dynamic.routers['websocket'] as Router
    expect(refused.rule).toBe('Path(`/ws`)')
    expect(refused.service).toBe('auth-sidecar')
    expect(refused.priority).toBeLessThan(priority)
    for (const [name, router] of reaching('frontend')) {
      expect(router.priority, name).toBeLessThan(refused.priority)
    }
  })

  it('R2.6 limits floods to 10 a second with a burst of 5', () => {
    expect(dynamic.middlewares['websocket-rate-limit']?.['rateLimit']).toMatchObject({
      average: 10,
      period: '1s',
      burst: 5,
    })
  })

  it('RX.11 has one flood wall on every public router', () => {
    const walls = new Set(['websocket-rate-limit', 'http-rate-limit'])
    for (const [name, router] of publicRouters) {
      const passed = unfold(router.middlewares).filter((middleware) => walls.has(middleware))
      expect(passed.length, name).toBe(1)
    }
    expect(unfold(dynamic.routers['auth']?.middlewares)).toContain('http-rate-limit')
    expect(unfold(dynamic.routers['websocket-health']?.middlewares)).toContain('http-rate-limit')
    expect(dynamic.middlewares['http-rate-limit']?.['rateLimit']).toMatchObject({
      average: 50,
      period: '1s',
      burst: 100,
    })
  })

  it('R0.7 turns an outage behind every guarded router into 503, by a page nobody else can ask for', () => {
    for (const [name, router] of routers) {
      if (plain(router.service) === 'frontend') continue
      expect(unfold(router.middlewares), name).toContain('unavailable')
    }
    const { query, service } = dynamic.middlewares['unavailable']?.['errors'] ?? {}
    expect([query, service]).toEqual(['/unavailable?status={originalStatus}', 'frontend'])
    for (const [name, router] of reaching('frontend')) {
      expect(router.rule, name).toContain('!Path(`/unavailable`)')
    }
  })

  it('R2.6 answers CORS for GET and OPTIONS and the configured origins only', () => {
    const headers = dynamic.middlewares['websocket-cors']?.['headers']
    expect(headers?.['accessControlAllowMethods']).toEqual(['GET', 'OPTIONS'])
    expect(headers?.['accessControlAllowOriginList']).toEqual(developmentOrigins)
    expect(headers).not.toHaveProperty('accessControlAllowOriginListRegex')
    expect(headers).not.toHaveProperty('accessControlAllowCredentials')
  })

  it('W52 lets no address of a page leave its origin in a Referer, applications’ pages included', () => {
    const policies = Object.entries(dynamic.middlewares).flatMap(([name, { headers }]) =>
      headers && 'referrerPolicy' in headers ? [[name, headers['referrerPolicy']]] : [],
    )
    expect(Object.fromEntries(policies)).toEqual({
      'security-headers': 'no-referrer',
      'app-headers': 'same-origin',
    })
  })

  it('R2.6 puts the security headers on every router, outermost', () => {
    for (const [name, router] of routers) {
      expect(unfold(router.middlewares)[0], name).toBe('security-headers')
    }
  })
})

describe('the question to the sidecar', () => {
  const question = dynamic.middlewares['websocket-auth']?.['forwardAuth']

  it('RX.6 HDR-5 overwrites exactly the identity and credential headers of the contracts', () => {
    const questions = Object.values(dynamic.middlewares)
      .map((middleware) => middleware['forwardAuth'])
      .filter((asked) => asked !== undefined)
    expect(questions.length).toBeGreaterThan(1)
    for (const asked of questions) {
      expect(asked['authResponseHeaders']).toEqual([
        ...identityHeaders,
        ...credentialHeaders,
        ...applicationHeaders,
      ])
      expect(asked['authResponseHeadersRegex']).toBe(identityHeaderPattern)
    }
  })

  it('R4.2 believes no forwarding header of a client', () => {
    expect(question?.['trustForwardHeader']).toBe(false)
    for (const [name, entryPoint] of Object.entries(fixed.entryPoints)) {
      expect(entryPoint, name).not.toHaveProperty('forwardedHeaders')
    }
  })

  it('RX.11 HDR-8 reads an answer of at most 16 KiB, at every route of any kind', () => {
    const routes = parse(checkedInRoutesOf('  app: { kind: http, path: /app, backend: app }'))
    const { middlewares } = (routes as { http: Pick<DynamicConfig, 'middlewares'> }).http
    const questions = Object.entries(middlewares).filter(([, { forwardAuth }]) => forwardAuth)
    const names = questions.map(([name]) => name).toSorted()
    expect(names).toEqual(['app-auth', 'websocket-auth', 'websocket-probe-auth'])
    for (const [name, { forwardAuth }] of questions) {
      expect(forwardAuth?.['maxResponseBodySize'], name).toBeGreaterThan(0)
      expect(forwardAuth?.['maxResponseBodySize'], name).toBeLessThanOrEqual(16_384)
      expect(forwardAuth?.['forwardBody'] ?? false, name).toBe(false)
    }
  })

  it('goes over TLS with a certificate of our own and a checked peer', () => {
    expect(question?.['address']).toBe(`${environment['SALLYPORT_VERIFY_URL']}/verify/websocket`)
    expect(question?.['tls']).toEqual({
      ca: '/keys/traefik/authority.pem',
      cert: '/keys/traefik/certificate.pem',
      key: '/keys/traefik/key.pem',
    })
  })

  it('each service is asked for by the name of its role', () => {
    const names = Object.values(dynamic.serversTransports).flatMap(
      ({ serverName }) => serverName ?? [],
    )
    expect(names.toSorted()).toEqual(['auth-sidecar', 'auth-sidecar', 'frontend', 'ws-backend'])
    for (const transport of Object.values(dynamic.serversTransports)) {
      expect(transport).not.toHaveProperty('insecureSkipVerify')
    }
  })
})

describe('the entry points', () => {
  const refusedCharacters = [
    'Slash',
    'BackSlash',
    'NullCharacter',
    'Semicolon',
    'Percent',
    'QuestionMark',
    'Hash',
  ]

  it.each(
    Object.keys(fixed.entryPoints),
  )('%s refuses ambiguous paths and deletes alias headers', (name) => {
    const http = fixed.entryPoints[name]?.http
    expect(http?.encodedCharacters).toEqual(
      Object.fromEntries(refusedCharacters.map((character) => [`allowEncoded${character}`, false])),
    )
    expect(http?.aliasHeadersStrategy).toBe('delete')
    expect(http?.maxHeaderBytes).toBeLessThanOrEqual(16_384)
  })

  it('every router is on the public ones and on no other, but those of the management', () => {
    for (const [name, router] of publicRouters) {
      expect(router.entryPoints, name).toEqual(['web', 'web6'])
    }
    for (const name of managementRouters) {
      expect(dynamic.routers[name]?.entryPoints, name).toEqual(['management'])
    }
  })
})

describe('the management entry point', () => {
  type Balancer = { readonly serversTransport: string; readonly servers: readonly object[] }
  const balancerOf = (service: string) =>
    (dynamic.services[service] as { readonly loadBalancer: Balancer }).loadBalancer

  it('RX.1 reaches the sidecar’s admin listener for readiness and for the operator, and for nothing else', () => {
    const rules = managementRouters.map((name) => dynamic.routers[name]?.rule)
    expect(rules).toEqual(['PathPrefix(`/admin/`)', 'Path(`/ready`)'])
    const listener = environment['SALLYPORT_ADMIN_URL']
    for (const name of managementRouters) {
      const { servers } = balancerOf(dynamic.routers[name]?.service ?? '')
      expect(servers, name).toEqual([{ url: listener }])
    }
    const reachedBy = routers.filter(([, { service }]) => /admin|readiness/.test(service))
    expect(reachedBy.map(([name]) => name).toSorted()).toEqual(managementRouters)
  })

  it('W95 RX.1 does not wait for a frozen sidecar when it is asked whether the pair is ready', () => {
    const { serversTransport } = balancerOf(dynamic.routers['management_ready']?.service ?? '')
    expect(dynamic.serversTransports[serversTransport]?.['forwardingTimeouts']).toEqual({
      dialTimeout: '1s',
      responseHeaderTimeout: '1s',
    })
  })

  it('passes an operator’s token on, and no cookie to anybody', () => {
    const removedBy = (name: string) =>
      unfold(dynamic.routers[name]?.middlewares).flatMap((middleware) =>
        Object.entries(dynamic.middlewares[middleware]?.['headers']?.['customRequestHeaders'] ?? {})
          .filter(([, value]) => value === '')
          .map(([header]) => header),
      )
    expect(removedBy('management_admin')).toContain('Cookie')
    expect(removedBy('management_admin')).not.toContain('Authorization')
    for (const header of ['Cookie', 'Authorization'])
      expect(removedBy('management_ready')).toContain(header)
  })
})

describe('the backends', () => {
  const servers = [{ url: 'https://127.0.0.1:4003' }, { url: 'https://127.0.0.1:4013' }]
  const transport = { serversTransport: 'to-ws-backend', passHostHeader: true, servers }

  it('RX.1 RX.12 are shared by all pairs, and one that is dead, frozen or draining gets nothing new', () => {
    expect(dynamic.services['ws-backend_checked']).toEqual({
      loadBalancer: {
        ...transport,
        healthCheck: {
          path: '/ws/health',
          interval: '1s',
          timeout: '1s',
          followRedirects: false,
        },
      },
    })
  })

  it('RX.12 are asked all the same when none is said to be well: the refusal then has a body', () => {
    const { failover } = dynamic.services['ws-backend'] as { readonly failover: object }
    expect(failover).toEqual({ service: 'ws-backend_checked', fallback: 'ws-backend_unchecked' })
    expect(dynamic.services['ws-backend_unchecked']).toEqual({ loadBalancer: transport })
  })
})

describe('routes.yml', () => {
  it('RX.13 is what `make routes` makes of sallyport.yml', () => {
    const rendered = checkedInRoutes(readText('sallyport.yml'))
    expect(rendered).toEqual({ ok: true, value: readText('traefik-config/dynamic/routes.yml') })
  })

  it('SEC-1 leaves no request to Traefik’s own 404, which has no security headers', () => {
    const last = dynamic.routers['nothing'] as Router
    expect([last.rule, last.priority, last.service]).toEqual(['PathPrefix(`/`)', 1, 'auth-sidecar'])
    expect(unfold(last.middlewares)).toContain('strip-credentials')
  })
})

describe('what must not be there', () => {
  it('RC.1 no provider but the file provider, and no Docker socket in any file', () => {
    expect(Object.keys(fixed.providers)).toEqual(['file'])
    const [docker, socket] = [/^\s*["']?docker["']?\s*:/m, /docker[.]sock/]
    const configuration = readSources(/^(?!tests\/).*\.(?:ya?ml|json|ts|toml)$/)
    const faults = [...configuration]
      .filter(([path, text]) => socket.test(text) || (/\.ya?ml$/.test(path) && docker.test(text)))
      .map(([path]) => path)
    expect(faults).toEqual([])
  })

  it('R0.5 no query string and no header in the access log', () => {
    expect(fixed.accessLog.fields.queryParameters?.defaultMode).toBe('drop')
    expect(fixed.accessLog.fields.headers?.defaultMode).toBe('drop')
  })

  it('no dashboard and no open API', () => {
    expect(fixed.api?.['dashboard']).toBe(false)
    expect(fixed.api).not.toHaveProperty('insecure')
  })
})

describe('the renderer', () => {
  it('refuses a template that it does not understand, and a variable that nobody sets', () => {
    expect(() => renderTemplate('a: {{ if true }}')).toThrow(/unknown form/)
    expect(() => renderTemplate('a: {{ env "SALLYPORT_NOTHING" }}')).toThrow(/SALLYPORT_NOTHING/)
  })
})
