import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FeedLine } from '@sallyport/contracts/authority-event'
import { maxClockToleranceSeconds, maxIssuerLifeSeconds } from '@sallyport/contracts/policy'
import { createLog } from '@sallyport/service-kit/log'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadConfig } from './config.ts'
import { createDomain } from './domain.ts'
import { createMetrics } from './metrics.ts'
import { activatePolicy } from './policy/active-policy.ts'
import type { ActivePolicy, PolicySource } from './policy/policy-source.ts'
import { policyOf, privateKey, websocketRoute } from './testing/domain-fixture.ts'
import { createKeyRing } from './tokens/key-ring.ts'
import { makeKey, makeToken } from './tokens/testing/make-token.ts'
import { bearer, trustedIssuer } from './tokens/testing/verifier-fixture.ts'

const startMs = 1_800_000_000_000

function settingsWith(changes: Record<string, string>) {
  const here = import.meta.filename
  const tls = mkdtempSync(join(tmpdir(), 'sallyport-tls-'))
  for (const name of ['authority', 'certificate', 'key']) {
    writeFileSync(join(tls, `${name}.pem`), 'not looked at here')
  }
  const config = loadConfig({
    SALLYPORT_MODE: 'development',
    SIDECAR_VERIFY_PORT: '1',
    SIDECAR_AUTH_PORT: '2',
    SIDECAR_INTERNAL_PORT: '3',
    SIDECAR_MANAGEMENT_PORT: '4',
    SIDECAR_TLS_DIRECTORY: tls,
    SIDECAR_ALLOWED_ORIGINS: 'https://app.example.com',
    SIDECAR_ISSUER: 'https://app.example.com/auth',
    SIDECAR_TOKEN_KEYS_FILE: here,
    SIDECAR_ASSERTION_KEYS_FILE: here,
    ...changes,
  })
  if (!config.ok) throw new Error(config.error.join('; '))
  return config.value
}

/** The domain as main.ts builds it, with a clock and a policy that a test moves. */
async function createMovableDomain(settings: Record<string, string> = {}) {
  let active = activatePolicy(policyOf([websocketRoute()]), 1)
  const listeners: ((active: ActivePolicy) => void)[] = []
  const policy: PolicySource = {
    current: () => active,
    onChange: (listener) => void listeners.push(listener),
    close: async () => {},
  }
  const clock = { nowMs: startMs }
  const domain = await createDomain({
    settings: settingsWith(settings),
    secrets: {
      keyRing: { ...(await createKeyRing({ keys: [privateKey('k1')] })), isKeyGone: () => false },
      assertionKeys: [{ keyId: 'a1', secret: new Uint8Array(32).fill(7) }],
    },
    policy,
    metrics: createMetrics(),
    log: createLog('test', 'error', { write: () => {} }),
    now: () => clock.nowMs,
  })
  onTestFinished(() => domain.close())
  const change = (...given: Parameters<typeof policyOf>) => {
    active = activatePolicy(policyOf(...given), active.version + 1)
    for (const listener of listeners) listener(active)
  }
  return { domain, clock, change, digest: () => active.digest }
}

/** An issuer's server for key sets; resolves once it was asked. */
async function serveKeys(keys: readonly object[]) {
  const asked = Promise.withResolvers<void>()
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
    asked.resolve()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { keySetUrl: `http://127.0.0.1:${port}/keys`, asked: asked.promise }
}

const end = (sessionId: string) => ({ type: 'end-session', sessionId, subject: 'a' }) as const

describe('the domain', () => {
  it('SES-1 SES-12 remembers that a session ended for as long as any token of it could live', async () => {
    const { domain, clock } = await createMovableDomain({ SIDECAR_SESSION_LIFE_SECONDS: '60' })
    const lineage = { issuer: 'https://idp.example', subject: 'a', sessionId: 'x1' }
    await domain.authorities.apply(end('x1'))
    clock.nowMs += (maxIssuerLifeSeconds + maxClockToleranceSeconds) * 1000 - 1
    await domain.authorities.apply(end('x2'))
    const { generation } = await domain.authorities.current(lineage)
    expect(generation).toMatchObject({ session: 1 })
  })

  it('SES-1 SES-12 remembers it for as long as sessions live where those live longer', async () => {
    const monthSeconds = 2_592_000
    const { domain, clock } = await createMovableDomain({
      SIDECAR_SESSION_LIFE_SECONDS: `${monthSeconds}`,
    })
    await domain.authorities.apply(end('s1'))
    clock.nowMs += monthSeconds * 1000
    await domain.authorities.apply(end('s2'))
    const lineage = { issuer: 'https://app.example.com/auth', subject: 'a', sessionId: 's1' }
    const { generation } = await domain.authorities.current(lineage)
    expect(generation).toMatchObject({ session: 1 })
  })

  it('SES-1 goes on in the same epoch over a restart where it has a folder, else in a new one', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'sallyport-state-')), 'state')
    const lineage = { issuer: 'https://app.example.com/auth', subject: 'a', sessionId: 's1' }
    const generationAfterEnd = async (settings: Record<string, string>) => {
      const { domain } = await createMovableDomain(settings)
      await domain.authorities.apply(end('s1'))
      const { generation } = await domain.authorities.current(lineage)
      await domain.close()
      return generation
    }
    const kept = { SIDECAR_STATE_DIRECTORY: folder }
    const [first, second] = [await generationAfterEnd(kept), await generationAfterEnd(kept)]
    expect(second).toEqual({ ...first, session: 2 })
    const [third, fourth] = [await generationAfterEnd({}), await generationAfterEnd({})]
    expect(new Set([first.epoch, third.epoch, fourth.epoch]).size).toBe(3)
    expect([third.session, fourth.session]).toEqual([1, 1])
  })

  it('RX.1 tells backends of every end, and RX.13 of every change of the policy', async () => {
    const { domain, change, digest } = await createMovableDomain()
    const lines: FeedLine[] = []
    const read = (line: FeedLine) => void lines.push(line)
    domain.feed.attach(undefined, { node: 'n1', read, lost: () => {} })
    await domain.authorities.apply(end('s1'))
    const before = digest()
    change([websocketRoute({ origins: [] })])
    expect(lines.slice(1)).toEqual([
      { ...end('s1'), type: 'session-ended', scope: 'everything', sequence: 1 },
      { type: 'policy', digest: digest() },
    ])
    expect(digest()).not.toBe(before)
  })

  it('R4.1 counts apart what is counted for different reasons', async () => {
    const { domain } = await createMovableDomain()
    const [one, other] = ['one', 'other'].map((name) => domain.attemptsPerMinute(name, 1))
    expect(await one?.count('192.0.2.1')).toEqual({ allowed: true })
    expect(await one?.count('192.0.2.1')).toMatchObject({ allowed: false })
    expect(await other?.count('192.0.2.1')).toEqual({ allowed: true })
  })

  it('RX.13 asks a new issuer for its keys when the policy names it, before any token comes', async () => {
    const key = makeKey('k1')
    const { keySetUrl, asked } = await serveKeys([key.publicJwk])
    const { domain, change } = await createMovableDomain()
    const trusted = trustedIssuer({ keySetUrl })
    change([websocketRoute()], { issuers: [trusted] })
    await asked
    expect(domain.tokenVerifier.keySets()).toMatchObject([{ issuer: trusted.issuer }])
    const token = makeToken(key, trusted.issuer)
    expect(await domain.tokenVerifier.verifyToken(token, bearer)).toMatchObject({ ok: true })
    change([websocketRoute()])
    expect(domain.tokenVerifier.keySets()).toEqual([])
  })
})
