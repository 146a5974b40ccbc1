import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, publicUrl, request } from '../support/http.ts'
import { freshAddress } from '../support/source-address.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const perAddress = 3
const perAccount = 12
/** Trusted to say who the client is; below all that `freshAddress` gives out. */
const proxy = '127.0.0.77'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({
    SIDECAR_LOGINS_PER_ADDRESS: `${perAddress}`,
    SIDECAR_LOGINS_PER_ACCOUNT: `${perAccount}`,
    SIDECAR_DEVELOPMENT_BYPASS: 'bob',
    TRUSTED_PROXIES: proxy,
  })
})
afterAll(() => stack?.stop())

const passwordOf = (username: string) =>
  stack.credentials.users.find((user) => user.username === username)?.password

function signIn(
  username: string,
  options: { password?: string; from?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { password = passwordOf(username) ?? 'none', from = freshAddress(), headers = {} } = options
  return request(publicUrl(stack, '/auth/login'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: stack.endpoints.public, ...headers },
    body: JSON.stringify({ username, password }),
    from,
  })
}

const deviceCookie = ({ headers }: Answer) =>
  headers['set-cookie']?.find((cookie) => cookie.startsWith('sallyport_device='))?.split(';')[0] ??
  ''

describe('LIM-1 login limits', () => {
  it('LIM-1 answers a newcomer although a crowd keeps the hashing busy', async () => {
    const crowd = Array.from({ length: 20 }, (_, index) => {
      const from = freshAddress()
      return Array.from({ length: perAddress }, () => signIn(`nobody-${index}`, { from }))
    }).flat()
    const newcomer = await signIn('alice')
    expect(newcomer.status).toBe(200)
    const statuses = new Set((await Promise.all(crowd)).map(({ status }) => status))
    for (const status of statuses) expect([401, 503]).toContain(status)
  })

  it('LIM-1 counts by address, and says when to come back', async () => {
    const from = freshAddress()
    for (let count = 0; count < perAddress; count += 1) {
      expect((await signIn(`nobody-${count}`, { from })).status).toBe(401)
    }
    const refused = await signIn('nobody', { from })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await signIn('nobody')).status).toBe(401)
  })

  it('LIM-1 W18 is not fooled by forwarding headers', async () => {
    const from = freshAddress()
    const statuses: number[] = []
    for (let count = 0; count <= perAddress; count += 1) {
      const headers = { 'x-forwarded-for': `203.0.113.${count}`, 'x-real-ip': `203.0.113.${count}` }
      statuses.push((await signIn('nobody', { from, headers })).status)
    }
    expect(statuses).toEqual([...Array<number>(perAddress).fill(401), 429])
  })

  it('LIM-1 keeps strangers from guessing on, and not the owner from his own browser', async () => {
    const first = await signIn('alice')
    expect(first.status).toBe(200)
    const device = deviceCookie(first)
    expect(device).toMatch(/^sallyport_device=[\w-]{22}\.\d{10}\.[\w-]{43}$/)
    let status = 0
    for (let count = 0; count <= perAccount && status !== 429; count += 1) {
      status = (await signIn('alice', { password: 'guess' })).status
    }
    expect(status).toBe(429)
    expect((await signIn('alice')).status).toBe(429)
    const known = await signIn('alice', { headers: { cookie: device } })
    expect(known.status).toBe(200)
    expect(deviceCookie(known).slice(0, 39)).toBe(device.slice(0, 39))
    const altered = `${device.slice(0, -2)}${device.endsWith('AA') ? 'BB' : 'AA'}`
    expect((await signIn('alice', { headers: { cookie: altered } })).status).toBe(429)
  })
})

describe('R3.6 the development bypass', () => {
  it('R3.6 is said loudly at the start and at each use', async () => {
    const before = warnings().length
    expect(before).toBeGreaterThan(0)
    expect((await signIn('bob', { password: 'any' })).status).toBe(200)
    await until('the warning', () => warnings().length === before + 1)
  })

  it('R3.6 is for its user only', async () => {
    expect((await signIn('carol', { password: 'any' })).status).toBe(401)
  })

  it('R3.6 is for this machine only: one hop from elsewhere, and the password counts', async () => {
    const statusFor = async (xForwardedFor: string, from: string) => {
      const headers = { 'x-forwarded-for': xForwardedFor }
      return (await signIn('bob', { password: 'any', from, headers })).status
    }
    expect(await statusFor('203.0.113.7', proxy)).toBe(401)
    expect(await statusFor('127.0.0.1, 203.0.113.7', proxy)).toBe(401)
    expect(await statusFor('203.0.113.7, 127.0.0.1', proxy)).toBe(401)
    expect(await statusFor('127.0.0.1', proxy)).toBe(200)
    // Nobody else is believed: what he writes is dropped, and he is here.
    expect(await statusFor('203.0.113.7', freshAddress())).toBe(200)
  })

  it('R3.6 starts nothing for a user that is not there', async () => {
    const unknown = { SIDECAR_DEVELOPMENT_BYPASS: 'nobody-of-that-name' }
    await expect(startStack(unknown)).rejects.toThrow('SIDECAR_DEVELOPMENT_BYPASS')
  })
})

/** Lines of the sidecar's log that warn of the bypass. */
function warnings(): string[] {
  return readFileSync(join(stack.stateFolder, 'logs/auth-sidecar.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"warn"') && /development bypass/i.test(line))
}
