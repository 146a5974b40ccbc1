import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type ClientHttp2Session, connect } from 'node:http2'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { login, metric, request } from '../support/http.ts'
import { rawUpgrade } from '../support/raw-upgrade.ts'
import { freshAddress } from '../support/source-address.ts'
import { readStack } from '../support/stack.ts'
import { forge } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const stack = { ...readStack(inject('stateFolder')), output: () => '', stop: async () => {} }
const { services } = stack.endpoints
let asTraefik: ClientHttp2Session

beforeAll(async () => {
  const read = (name: string) =>
    readFileSync(join(stack.stateFolder, 'keys/tls/traefik', name), 'utf8')
  asTraefik = connect(services['auth-sidecar'].verify, {
    ca: read('authority.pem'),
    cert: read('certificate.pem'),
    key: read('key.pem'),
    servername: 'auth-sidecar',
  })
  await once(asTraefik, 'connect')
})
afterAll(() => asTraefik?.destroy())

type Verdict = { readonly status: number; readonly retryAfter: number }

/** One handshake as Traefik asks about it: behind the flood wall, so that only the exact count decides. */
function ask(from: string, headers: Readonly<Record<string, string>> = {}): Promise<Verdict> {
  const stream = asTraefik.request({
    ':path': '/verify/websocket',
    'x-forwarded-method': 'GET',
    'x-forwarded-uri': '/ws',
    'x-forwarded-host': new URL(stack.endpoints.public).host,
    'x-forwarded-for': from,
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    origin: stack.endpoints.public,
    ...headers,
  })
  stream.end()
  return new Promise((resolve, reject) => {
    stream.on('error', reject)
    stream.on('response', (answer) => {
      stream.resume()
      const verdict = {
        status: Number(answer[':status']),
        retryAfter: Number(answer['retry-after'] ?? 0),
      }
      stream.on('end', () => resolve(verdict))
    })
  })
}

/** Many, at most a hundred at a time. */
async function askOften(count: number, one: () => Promise<Verdict>): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  while (verdicts.length < count) {
    const next = Math.min(100, count - verdicts.length)
    verdicts.push(...(await Promise.all(Array.from({ length: next }, one))))
  }
  return verdicts
}

const withStatus = (verdicts: readonly { readonly status: number }[], status: number) =>
  verdicts.filter((verdict) => verdict.status === status).length

/** Volleys through Traefik until the sidecar has refused ten times; how many it let through to the credentials. */
async function countThroughTraefik(
  upgrade: () => Parameters<typeof rawUpgrade>[1],
): Promise<number> {
  let judged = 0
  let refused = 0
  await until('the limit to hold', async () => {
    const volley = await Promise.all(Array.from({ length: 5 }, () => rawUpgrade(stack, upgrade())))
    judged += withStatus(volley, 401)
    // The flood wall's refusals are plain text.
    refused += volley.filter(({ status, body }) => status === 429 && body.startsWith('{')).length
    return refused >= 10
  })
  return judged
}

describe('attempts of one address', () => {
  it('R4.1 lets exactly ten of a volley of thirty through, and says when to come back', async () => {
    const from = freshAddress()
    const verdicts = await Promise.all(Array.from({ length: 30 }, () => ask(from)))
    expect(withStatus(verdicts, 401)).toBe(10)
    const refused = verdicts.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(20)
    for (const { retryAfter } of refused) {
      expect(retryAfter).toBeGreaterThan(50)
      expect(retryAfter).toBeLessThanOrEqual(60)
    }
  })

  it('R4.1 lets exactly ten through Traefik, however the volleys fall', async () => {
    const from = freshAddress()
    expect(await countThroughTraefik(() => ({ from }))).toBe(10)
  })

  it('R4.1 counts authenticated attempts like others', async () => {
    const from = freshAddress()
    const { cookie } = await login(stack)
    const verdicts = await Promise.all(Array.from({ length: 30 }, () => ask(from, { cookie })))
    expect([withStatus(verdicts, 200), withStatus(verdicts, 429)]).toEqual([10, 20])
  })

  it('R4.1 does not let a foreign page use up its visitor’s attempts', async () => {
    const from = freshAddress()
    const foreign = { origin: 'https://evil.example' }
    const verdicts = await Promise.all(Array.from({ length: 30 }, () => ask(from, foreign)))
    expect([withStatus(verdicts, 403), withStatus(verdicts, 429)]).toEqual([10, 20])
    expect((await ask(from)).status).toBe(401)
  })

  it('R4.2 HDR-7 W18 is one address whatever forwarding headers it sends', async () => {
    const from = freshAddress()
    const judged = await countThroughTraefik(() => ({
      from,
      headers: [
        ['X-Forwarded-For', `${freshAddress()}, ${freshAddress()}`],
        ['X-Forwarded-For', freshAddress()],
        ['X-Real-Ip', freshAddress()],
        ['Forwarded', `for=${freshAddress()}`],
        ['X_Forwarded_For', freshAddress()],
        ['True-Client-Ip', freshAddress()],
        ['Cf-Connecting-Ip', freshAddress()],
      ],
    }))
    expect(judged).toBe(10)
  })

  it('W18 R4.1 is a whole /64, in every spelling', async () => {
    const [, second, third] = freshAddress().split('.')
    const network = `2001:db8:${second}:${third}`
    const spellings = [
      `${network}::1`,
      `${network.toUpperCase()}::2`,
      `2001:0db8:${second}:${third}:ffff:ffff:ffff:ffff`,
    ]
    const verdicts = await Promise.all(
      Array.from({ length: 30 }, (_, index) => ask(spellings[index % 3] ?? '')),
    )
    expect([withStatus(verdicts, 401), withStatus(verdicts, 429)]).toEqual([10, 20])
    expect((await ask(`2001:db9:${second}:${third}::1`)).status).toBe(401)
  })

  it('R4.2 cannot be several: a list is refused where no proxy is trusted', async () => {
    expect((await ask(`${freshAddress()}, ${freshAddress()}`)).status).toBe(400)
    expect((await ask('unknown')).status).toBe(400)
  })

  it('LIM-1 W70 beyond its limit has no signature checked, however many it sends', async () => {
    const { management } = services['auth-sidecar']
    const { token } = await login(stack)
    const from = freshAddress()
    const verified = () => metric(management, 'sallyport_token_memory_misses_total')
    const before = await verified()
    const headers = { authorization: `Bearer ${forge(token)}` }
    const verdicts = await askOften(2000, () => ask(from, headers))
    expect([withStatus(verdicts, 401), withStatus(verdicts, 429)]).toEqual([10, 1990])
    // Other tests share the sidecar, and verify a few of their own meanwhile.
    expect((await verified()) - before).toBeLessThan(500)
  })
})

describe('a bot storm', () => {
  it('R4.4 of 10,000 attempts from one address leaves one warning and a sum, and no line for each', async () => {
    const from = freshAddress()
    const lines = () =>
      readFileSync(join(stack.stateFolder, 'logs/auth-sidecar.log'), 'utf8')
        .split('\n')
        .filter((line) => line.includes(`"${from}"`))
        .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    const startedAtMs = performance.now()
    const verdicts = await askOften(10_000, () => ask(from))
    expect([withStatus(verdicts, 401), withStatus(verdicts, 429)]).toEqual([10, 9990])
    const summaries = () => lines().filter(({ topAddress }) => topAddress === from)
    const summed = () => summaries().reduce((sum, line) => sum + Number(line['topAttempts']), 0)
    // What falls into an interval in which another address had more attempts is in that one's line.
    await until('the sum', () => summed() >= 9_500, 25_000)
    const intervals = Math.ceil((performance.now() - startedAtMs) / 10_000) + 1
    expect(summaries().length).toBeLessThanOrEqual(intervals)
    const others = lines().filter(({ topAddress }) => topAddress !== from)
    expect(others.map(({ level, reason }) => [level, reason])).toEqual([
      ['warn', 'too-many-attempts'],
    ])
  })

  it('R3.10 R4.8 is visible in metrics whose labels are no input', async () => {
    const from = freshAddress()
    await askOften(30, () => ask(from, { origin: 'https://label.example' }))
    const { body } = await request(`${services['auth-sidecar'].management}/metrics`, {
      from: '127.0.0.1',
    })
    expect(body).toMatch(/^sallyport_handshakes_total\{outcome="rate-limited",reason="[a-z-]+"\} /m)
    expect(body).toMatch(/^sallyport_attempt_keys\{limiter="handshakes"\} [1-9]/m)
    expect(body).toMatch(/^sallyport_attempt_keys_spent\{limiter="handshakes"\} [1-9]/m)
    expect(body).not.toContain(from)
    expect(body).not.toContain('label.example')
  })
})

describe('logs and hostile input', () => {
  it('LOG-3 hold one printable JSON object a line, whatever a client sends', async () => {
    const mark = randomBytes(6).toString('hex')
    const hostile = [
      `\${jndi:ldap://${mark}}`,
      `\u202e${mark}`,
      `"}{"msg":"${mark}`,
      `\\u001b[2J${mark}`,
    ]
    for (const text of hostile) {
      await rawUpgrade(stack, {
        without: ['Origin'],
        headers: [
          ['Origin', text],
          ['User-Agent', text],
        ],
      })
      for (const separator of ['/', '?']) {
        await rawUpgrade(stack, { target: `/ws${separator}${text}` })
      }
    }
    await rawUpgrade(stack, { target: `/ws%0d%0a%1b%5b2J${mark}` })
    for (const name of ['auth-sidecar', 'ws-backend', 'frontend']) {
      const text = readFileSync(join(stack.stateFolder, `logs/${name}.log`), 'utf8')
      expect(text).toMatch(/^[\n\x20-\x7e]*$/)
      expect(text).not.toContain(`jndi:ldap://${mark}`)
    }
    const accessLog = readFileSync(join(stack.stateFolder, 'logs/traefik-access.log'), 'utf8')
    for (const line of accessLog.split('\n').filter(Boolean)) {
      expect(() => JSON.parse(line) as unknown).not.toThrow()
    }
    expect(accessLog).not.toMatch(/[^\n\x20-\x7e]/)
    expect(accessLog).not.toContain(`jndi:ldap://${mark}`)
  })
})
