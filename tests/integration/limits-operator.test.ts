// What an operator tells about addresses – trusted proxies, lists – needs a system of its own.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publicUrl, request } from '../support/http.ts'
import { rawUpgrade } from '../support/raw-upgrade.ts'
import { root, type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-policy-'))
/** Only this one may say for whom it speaks. */
const proxy = '127.9.9.9'
let stack: Stack
let next = 0
/** A client far away: from the ranges for documentation. */
const freshClient = () => `198.51.100.${(next += 1)}`

beforeAll(async () => {
  const policyFile = join(folder, 'sallyport.yml')
  const usual = readFileSync(join(root, 'sallyport.yml'), 'utf8')
  const addresses = `addresses:\n  unlimited: [203.0.113.0/25]\n  blocked: [203.0.113.128/25, 127.66.0.0/16]\n`
  writeFileSync(policyFile, `${usual}${addresses}`)
  stack = await startStack({
    TRUSTED_PROXIES: `${proxy}/32`,
    SALLYPORT_POLICY_FILE: policyFile,
    SALLYPORT_LOG_LEVEL: 'debug',
  })
})
afterAll(async () => {
  await stack?.stop()
  rmSync(folder, { recursive: true, force: true })
})

type Refused = { readonly status: number; readonly code: string | undefined }

/** One upgrade; the flood wall's own refusals are waited out. */
async function upgrade(
  from: string,
  forwardedFor: readonly string[],
  more: readonly (readonly [string, string])[] = [],
): Promise<Refused> {
  return until('the flood wall to let one through', async () => {
    const { status, body, socket } = await rawUpgrade(stack, {
      from,
      headers: [...forwardedFor.map((line) => ['X-Forwarded-For', line] as const), ...more],
    })
    socket.destroy()
    if (status === 429 && !body.startsWith('{')) return undefined
    return { status, code: body.startsWith('{') ? JSON.parse(body).code : undefined }
  })
}

/** How many of `count` upgrades reached the credentials. */
async function judgedOf(count: number, one: () => Promise<Refused>): Promise<number> {
  let judged = 0
  for (let index = 0; index < count; index += 1) {
    const { status } = await one()
    if (status === 401) judged += 1
    else expect(status).toBe(429)
  }
  return judged
}

/** What the sidecar logged of an address. */
const loggedOf = (address: string) =>
  readFileSync(join(stack.stateFolder, 'logs/auth-sidecar.log'), 'utf8').includes(
    `"clientAddress":"${address}"`,
  )

describe('behind a trusted proxy', () => {
  it('R4.2 the client that the proxy names is counted, and another one has attempts of its own', async () => {
    const client = freshClient()
    expect(await judgedOf(12, () => upgrade(proxy, [client]))).toBe(10)
    expect(await upgrade(proxy, [freshClient()])).toMatchObject({ status: 401 })
    await until('the log', () => loggedOf(client))
  })

  it('R4.2 W18 what a client wrote before the proxy’s own entry changes nothing', async () => {
    const client = freshClient()
    let written = 0
    const spoofing = () => {
      written += 1
      return written % 2 === 0
        ? upgrade(proxy, [`10.0.${written}.1, ${client}`])
        : upgrade(proxy, [`10.0.${written}.1`, client])
    }
    expect(await judgedOf(12, spoofing)).toBe(10)
    // Lines are written in batches: only when the client's are there would the others be.
    await until('the log', () => loggedOf(client))
    for (let index = 1; index <= written; index += 1) {
      expect(loggedOf(`10.0.${index}.1`)).toBe(false)
    }
  })

  it('HDR-7 HDR-3 what the proxy passes on of path, method and host is not what is judged', async () => {
    const spoofed = [
      ['X-Forwarded-Uri', '/elsewhere'],
      ['X-Forwarded-Method', 'POST'],
      ['X-Forwarded-Host', 'evil.example'],
      ['X-Forwarded-Prefix', '/evil'],
    ] as const
    // Taken for the question, any of these would make it malformed (400) or another's (404).
    expect(await upgrade(proxy, [freshClient()], spoofed)).toMatchObject({ status: 401 })
  })

  it('R4.2 an entry that is no address is refused, not guessed at', async () => {
    expect(await upgrade(proxy, ['unknown'])).toMatchObject({ status: 400 })
    expect(await upgrade(proxy, ['198.51.100.200:4711'])).toMatchObject({ status: 400 })
  })
})

describe('beside the trusted proxy', () => {
  it('R4.2 HDR-7 W18 nobody else is believed', async () => {
    const from = '127.9.9.8'
    expect(await judgedOf(12, () => upgrade(from, [freshClient()]))).toBe(10)
    await until('the log', () => loggedOf(from))
  })
})

describe('address lists', () => {
  it('R4.9 an exempt address has no limit, however often it comes', async () => {
    expect(await judgedOf(14, () => upgrade(proxy, ['203.0.113.5']))).toBe(14)
  })

  it('R4.9 a blocked address is refused at its first attempt, directly and through the proxy', async () => {
    const blocked = { status: 403, code: 'not-allowed' }
    expect(await upgrade(proxy, ['203.0.113.200'])).toEqual(blocked)
    expect(await upgrade('127.66.0.1', [])).toEqual(blocked)
    expect(await upgrade('127.66.0.1', ['203.0.113.5'])).toEqual(blocked)
  })

  it('R4.9 a blocked address cannot sign in either, whatever it knows', async () => {
    const [alice] = stack.credentials.users
    const signIn = (from: string) =>
      request(publicUrl(stack, '/auth/login'), {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: stack.endpoints.public },
        body: JSON.stringify(alice),
        from,
      })
    const refused = await signIn('127.66.0.1')
    expect([refused.status, JSON.parse(refused.body)]).toMatchObject([403, { code: 'not-allowed' }])
    expect((await signIn('127.67.0.1')).status).toBe(200)
  })
})
