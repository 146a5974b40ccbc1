import { defaultUserAclRule, sidecarAclRule } from '@sallyport/contracts/redis-acl'
import { Redis } from 'ioredis'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRecordingSink } from '../authority/authority-store.contract.ts'
import { redisAttemptLimiters } from '../limits/attempt-limiter.redis.ts'
import { openRedisStores, type RedisStores } from '../redis-stores.redis.ts'
import { refreshTokenAt, rotationOf } from '../refresh-tokens/refresh-token-store.contract.ts'
import { hashSecret } from '../sessions/session-secret.ts'
import { sessionAt } from '../sessions/session-store.contract.ts'
import { ticketAt } from '../tickets/ticket-store.contract.ts'
import { createEventSigner } from './signed-event.ts'
import { connectTo, readableLog, useRedis } from './testing/redis-fixture.ts'

const redis = useRedis()
const [user, password, prefix] = ['sidecar', 'of-the-sidecar', 'gate']

beforeAll(async () => {
  const setUser = (name: string, ...rules: string[]) =>
    redis().command('ACL', 'SETUSER', name, ...rules)
  await setUser(user, 'reset', 'on', `>${password}`, ...sidecarAclRule(prefix).split(' '))
  await setUser('default', ...defaultUserAclRule.split(' '))
})

function clientOf(credentials: { username?: string; password?: string }): Redis {
  const retryStrategy = () => null
  const client = new Redis({ host: '127.0.0.1', port: redis().port, retryStrategy, ...credentials })
  client.on('error', () => undefined)
  onTestFinished(() => client.disconnect())
  return client
}

async function open() {
  const { sink } = createRecordingSink()
  const { log, lines } = readableLog()
  const stores = await openRedisStores({
    url: redis().url(user),
    password,
    prefix,
    builtInIssuer: 'https://app.example.com',
    recordLifeMs: 1_000_000,
    signer: createEventSigner(Buffer.alloc(32, 7)),
    maxTicketsPerSession: 1,
    sink,
    now: Date.now,
    log,
  })
  onTestFinished(stores.close)
  return { stores, lines }
}

async function useEverything(stores: RedisStores): Promise<void> {
  const { sessions, tickets, refreshTokens, authorities } = stores
  const nowMs = Date.now()
  for (const id of ['a', 'b', 'c']) {
    await sessions.create(sessionAt(nowMs, id))
    await tickets.create(ticketAt(nowMs, id))
    await refreshTokens.create(refreshTokenAt(nowMs, id))
    expect(await refreshTokens.find(refreshTokenAt(nowMs, id).familyHash)).toBeDefined()
    expect(await refreshTokens.rotate(rotationOf(id, id, 'next'))).toBeDefined()
  }
  expect(await sessions.find('hash-a')).toBeDefined()
  expect(await sessions.ofSubject('alice')).toHaveLength(3)
  await sessions.remove('session-a')
  expect(await tickets.redeem(hashSecret('c'))).toBeDefined()
  await useAttempts(stores)

  const [issuer, subject] = ['https://app.example.com', 'alice']
  const { generation } = await authorities.current({ issuer, subject, sessionId: 's1' })
  await authorities.apply({ type: 'end-session', sessionId: 's1', subject })
  await authorities.apply({ type: 'end-subject', issuer, subject, issuedBeforeMs: nowMs })
  expect((await authorities.current({ issuer, subject, sessionId: 's1' })).generation).toEqual({
    epoch: generation.epoch,
    subject: generation.subject + 1,
    session: generation.session + 1,
  })
  await redis().command('DEL', `${prefix}:{authority}:head`)
  const after = await authorities.current({ issuer, subject, sessionId: 's1' })
  expect(after.generation.epoch).not.toBe(generation.epoch)
}

async function useAttempts(stores: RedisStores): Promise<void> {
  const attempts = stores.attempts(1, 'handshakes')
  await attempts.count('a')
  await attempts.giveBack('a')
  expect(await attempts.peek('a')).toEqual({ allowed: true })
  // A window is forgotten before its time only where there are more than a bound.
  const connection = await connectTo(redis(), { user, password })
  const shared = { connection, prefix, windowMs: 60_000, maxKeys: 1, now: Date.now }
  const limiter = redisAttemptLimiters(shared)('bounded', 10)
  for (const key of ['a', 'b']) await limiter.count(key)
  await vi.waitFor(async () => expect(await limiter.peek('a', 1)).toEqual({ allowed: true }))
}

describe('the sidecar’s user', () => {
  it('W96 may do all that the stores do', async () => {
    const { stores, lines } = await open()
    await useEverything(stores)
    expect(stores.isReady()).toBe(true)
    expect(lines.filter((line) => line.includes('NOPERM'))).toEqual([])
  })

  it('W96 may do nothing that no store does', async () => {
    const { stores } = await open()
    await useEverything(stores)
    const statistics = (await redis().command('INFO', 'commandstats')) as string
    const allowed = [...sidecarAclRule(prefix).matchAll(/ \+(\S+)/g)].map(([, name = '']) => name)
    expect(allowed.length).toBeGreaterThan(20)
    expect(allowed.filter((name) => !statistics.includes(`cmdstat_${name}:`))).toEqual([])
  })

  it.each<[string, ...(string | number)[]]>([
    ['KEYS', '*'],
    ['KEYS', 'gate:*'],
    ['SCAN', 0],
    ['RANDOMKEY'],
    ['DBSIZE'],
    ['FLUSHALL'],
    ['FLUSHDB'],
    ['CONFIG', 'GET', '*'],
    ['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru'],
    ['ACL', 'LIST'],
    ['ACL', 'SETUSER', 'sidecar', '+@all'],
    ['CLIENT', 'LIST'],
    ['CLIENT', 'KILL', 'TYPE', 'normal'],
    ['DEBUG', 'SLEEP', 0],
    ['SAVE'],
    ['SHUTDOWN'],
    ['REPLICAOF', '127.0.0.1', 1],
    ['MIGRATE', '127.0.0.1', 1, 'gate:x', 0, 1],
    ['SCRIPT', 'FLUSH'],
    ['FUNCTION', 'LIST'],
    ['SELECT', 1],
    ['DUMP', 'gate:x'],
    ['RESTORE', 'gate:x', 0, 'x'],
    ['RENAME', 'gate:x', 'gate:y'],
    ['XDEL', 'gate:{authority}:events', '1-0'],
    ['XTRIM', 'gate:{authority}:events', 'MAXLEN', 0],
    ['SPUBLISH', 'gate:x', 'x'],
    ['GET', 'other:x'],
    ['SET', 'other:x', 1],
    ['GET', 'gates:x'],
    ['GET', 'gate'],
    ['PUBLISH', 'other:{authority}:events', 'x'],
    ['SUBSCRIBE', 'other:{authority}:events'],
    ['PSUBSCRIBE', '*'],
  ])('W96 may not %s %s', async (...command) => {
    const [name, ...args] = command
    const client = clientOf({ username: user, password })
    await expect(client.call(name, ...args)).rejects.toThrow(/^NOPERM/)
  })

  it.each([
    ['lists keys', "return redis.call('KEYS', '*')", []],
    ['writes to another key that it names', "return redis.call('SET', KEYS[1], 1)", ['other:x']],
    ['writes to another key', "return redis.call('SET', 'other:x', 1)", []],
    ['publishes to another channel', "return redis.call('PUBLISH', 'other', 1)", []],
  ])('W96 may run no script that %s', async (_name, lua, keys) => {
    const client = clientOf({ username: user, password })
    await expect(client.eval(lua, keys.length, ...keys)).rejects.toThrow(/^NOPERM|can't/)
    expect(await redis().command('EXISTS', 'other:x')).toBe(0)
  })

  it('W96 is the only way in: who gives no name gets nowhere', async () => {
    await expect(clientOf({}).call('GET', 'gate:x')).rejects.toThrow(/NOAUTH|HELLO|closed/)
    await expect(clientOf({ password: 'any' }).call('GET', 'gate:x')).rejects.toThrow()
  })
})
