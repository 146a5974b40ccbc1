import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRecordingSink } from './authority/authority-store.contract.ts'
import { createEventSigner } from './redis/signed-event.ts'
import { freshPrefix, readableLog, useRedis } from './redis/testing/redis-fixture.ts'
import { openRedisStores, type RedisStores } from './redis-stores.redis.ts'
import { refreshTokenAt, rotationOf } from './refresh-tokens/refresh-token-store.contract.ts'
import { createSecret, hashSecret } from './sessions/session-secret.ts'
import { sessionAt } from './sessions/session-store.contract.ts'
import { ticketAt } from './tickets/ticket-store.contract.ts'

const redis = useRedis()
const issuer = 'https://app.example.com/auth'
const alice = { issuer, subject: 'alice', sessionId: 's1' }
/** A command is given up after a second; who waits for a batch to return waits no longer than that. */
const refusedWithinMs = 2000
/** A second until the next look, and one until that is given up. */
const noticedWithinMs = 3000
/** A second at most between two attempts to connect, and one until the first look. */
const mendedWithinMs = 4000

async function open(prefix = freshPrefix(), { user = '', password = '' } = {}) {
  const { sink, events } = createRecordingSink()
  const { log, lines } = readableLog()
  const stores = await openRedisStores({
    url: redis().url(user || undefined),
    password: password || undefined,
    prefix,
    builtInIssuer: issuer,
    recordLifeMs: 1_000_000,
    maxTicketsPerSession: 20,
    signer: createEventSigner(Buffer.alloc(32, 7)),
    sink,
    now: Date.now,
    log,
  })
  onTestFinished(stores.close)
  return { stores, events, lines, prefix }
}

/** Everything that a handshake or a login may ask of the stores. */
function questionsOf(stores: RedisStores): Record<string, () => Promise<unknown>> {
  const id = createSecret()
  return {
    'find a session': () => stores.sessions.find(hashSecret(id)),
    'create a session': () => stores.sessions.create(sessionAt(Date.now(), id)),
    'list sessions': () => stores.sessions.ofSubject('alice'),
    'remove a session': () => stores.sessions.remove(id),
    'create a ticket': () => stores.tickets.create(ticketAt(Date.now(), id)),
    'redeem a ticket': () => stores.tickets.redeem(hashSecret(id)),
    'count an attempt': () => stores.attempts(10, 'handshakes').count(id),
    'peek at attempts': () => stores.attempts(10, 'handshakes').peek(id),
    'give an attempt back': () => stores.attempts(10, 'handshakes').giveBack(id),
    'create a refresh token': () => stores.refreshTokens.create(refreshTokenAt(Date.now(), id)),
    'find a refresh token': () => stores.refreshTokens.find(hashSecret(id)),
    'rotate a refresh token': () => stores.refreshTokens.rotate(rotationOf(id, id, 'next')),
    'read authority': () => stores.authorities.current(alice),
    'end a session': () =>
      stores.authorities.apply({ type: 'end-session', sessionId: id, subject: 'alice' }),
  }
}

/** Which questions were answered, and how long the last of the others took. */
async function ask(stores: RedisStores) {
  const fromMs = performance.now()
  const asked = Object.entries(questionsOf(stores)).map(async ([name, question]) => {
    const isAnswered = await question().then(
      () => true,
      () => false,
    )
    return isAnswered ? [name] : []
  })
  const answered = (await Promise.all(asked)).flat()
  return { answered, tookMs: performance.now() - fromMs }
}

async function expectRefusals(stores: RedisStores, exceptFor: RegExp = /^$/): Promise<void> {
  const { answered, tookMs } = await ask(stores)
  expect(answered.filter((name) => !exceptFor.test(name))).toEqual([])
  expect(tookMs).toBeLessThan(refusedWithinMs)
}

async function expectMended(stores: RedisStores): Promise<void> {
  await vi.waitFor(() => expect(stores.isReady()).toBe(true), { timeout: mendedWithinMs })
  expect((await ask(stores)).answered).toEqual(Object.keys(questionsOf(stores)))
}

const noticed = (assertion: () => void) => vi.waitFor(assertion, { timeout: noticedWithinMs })

type Illness = {
  readonly begin: () => Promise<unknown>
  readonly end: () => Promise<unknown>
  /** What is answered until it is noticed. */
  readonly exceptFor?: RegExp
}

const illnesses: Readonly<Record<string, () => Illness>> = {
  'is down': () => ({ begin: redis().stop, end: redis().start }),
  'hangs (SIGSTOP)': () => ({
    begin: async () => redis().pause(),
    end: async () => redis().resume(),
  }),
  'holds all clients (CLIENT PAUSE)': () => ({
    begin: () => redis().command('CLIENT', 'PAUSE', 2500, 'ALL'),
    // The operator is held as well, until it is over.
    end: () => redis().command('PING'),
  }),
  'is a read-only replica': () => ({
    begin: async () => {
      await redis().command('REPLICAOF', '127.0.0.1', 1)
    },
    end: () => redis().command('REPLICAOF', 'NO', 'ONE'),
    // Lets nobody in: a session is worth what `read authority` says of it.
    exceptFor: /^(?:find|list|remove|peek)/,
  }),
  'has another password and forgot who was there': () => ({
    begin: async () => {
      await redis().command('ACL', 'SETUSER', 'default', 'resetpass', '>another')
      await redis().command('CLIENT', 'KILL', 'USER', 'default')
    },
    end: () => redis().command('ACL', 'SETUSER', 'default', 'nopass'),
  }),
  'takes our rights away': () => ({
    begin: () => redis().command('ACL', 'SETUSER', 'default', '-@all', '+info'),
    end: () => redis().command('ACL', 'SETUSER', 'default', '+@all'),
  }),
}

describe('a Redis that is ill', () => {
  it.each(
    Object.keys(illnesses),
  )('W94 SES-6 that %s: all is refused in time, and mends itself', async (name) => {
    const { stores, events } = await open()
    await expectMended(stores)
    const illness = illnesses[name]?.()
    await illness?.begin()
    try {
      await expectRefusals(stores, illness?.exceptFor)
      await noticed(() => expect(stores.authorities.isFollowing()).toBe(false))
      expect(stores.isReady()).toBe(false)
      expect(events.at(-1)).toEqual({ call: 'lose' })
      await expectRefusals(stores)
    } finally {
      await illness?.end()
    }
    await expectMended(stores)
    expect(events.filter(({ call }) => call === 'lose')).toHaveLength(1)
  }, 12_000)

  it('W94 that may drop keys: all is refused until it may not, and the log says what to do', async () => {
    const { stores, lines } = await open()
    await redis().config('maxmemory-policy', 'allkeys-lru')
    try {
      await noticed(() => expect(stores.isReady()).toBe(false))
      await expectRefusals(stores)
      const errors = lines.filter((line) => line.includes('"level":"error"'))
      expect(errors.some((line) => line.includes('maxmemory-policy noeviction'))).toBe(true)
    } finally {
      await redis().config('maxmemory-policy', 'noeviction')
    }
    await expectMended(stores)
  })

  it('W94 that is full: nothing new is written, revocations are still known', async () => {
    const { stores } = await open()
    await stores.authorities.apply({ type: 'end-session', sessionId: 's1', subject: 'alice' })
    await redis().config('maxmemory', 1)
    try {
      const { answered } = await ask(stores)
      expect(answered.filter((name) => /create|count|end/.test(name))).toEqual([])
      expect(await stores.authorities.current(alice)).toMatchObject({ generation: { session: 1 } })
    } finally {
      await redis().config('maxmemory', 0)
    }
    await expectMended(stores)
  })
})

describe('a Redis that has forgotten', () => {
  it('W94 our scripts only is told them again, and nothing else happens', async () => {
    const { stores, events } = await open()
    await expectMended(stores)
    await redis().command('SCRIPT', 'FLUSH')
    await expectMended(stores)
    expect(events.filter(({ call }) => call !== 'append')).toHaveLength(1)
  })

  const forgets: Readonly<Record<string, () => Promise<unknown>>> = {
    'was flushed': () => redis().command('FLUSHALL'),
    'was restarted empty': () => redis().restartEmpty(),
    'has lost only the head of authority': async () => {
      const keys = (await redis().command('KEYS', '*authority}:head')) as readonly string[]
      for (const key of keys) await redis().command('DEL', key)
    },
  }
  it.each(
    Object.keys(forgets),
  )('W94 RX.2 and %s: what was issued before is of an epoch that is gone', async (name) => {
    const { stores, events } = await open()
    const { generation } = await stores.authorities.current(alice)
    await stores.authorities.apply({ type: 'end-session', sessionId: 's1', subject: 'alice' })
    await stores.sessions.create(sessionAt(Date.now(), 'a'))
    const fromMs = Date.now()
    await forgets[name]?.()
    await expectMended(stores)
    const after = await stores.authorities.current(alice)
    expect(after.generation.epoch).not.toBe(generation.epoch)
    const others = { ...alice, issuer: 'https://login.example.org' }
    expect((await stores.authorities.current(others)).issuedBeforeMs).toBeGreaterThanOrEqual(fromMs)
    await noticed(() =>
      expect(events.findLast(({ call }) => call === 'follow')).toMatchObject({
        position: { epoch: after.generation.epoch },
      }),
    )
  }, 10_000)
})

describe('a Redis at the start', () => {
  it('W94 that may drop keys is refused with what to do', async () => {
    await redis().config('maxmemory-policy', 'volatile-ttl')
    try {
      await expect(open()).rejects.toThrow('set `maxmemory-policy noeviction`')
    } finally {
      await redis().config('maxmemory-policy', 'noeviction')
    }
  })

  it.each([
    ['a wrong password', { user: 'sidecar', password: 'canary-wrong' }],
    ['no password', { user: 'sidecar' }],
    ['a user that is not there', { user: 'nobody', password: 'canary-wrong' }],
  ])('W94 that is asked with %s is refused with what to do, and no word of it', async (_name, credentials) => {
    await redis().command('ACL', 'SETUSER', 'sidecar', 'on', '>canary-right', '~*', '&*', '+@all')
    await redis().command('ACL', 'SETUSER', 'default', 'off')
    onTestFinished(async () => void (await redis().command('ACL', 'SETUSER', 'default', 'on')))
    const failure = await open(freshPrefix(), credentials).catch((error: unknown) => error)
    expect(String(failure)).toContain('check the user in the URL of Redis, the password file')
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('canary')
  })

  it('W94 that cannot be reached is waited for', async () => {
    await redis().stop()
    const { stores, events, lines } = await open()
    expect(stores.isReady()).toBe(false)
    expect(events).toEqual([])
    await expectRefusals(stores)
    expect(lines.filter((line) => line.includes('ECONNREFUSED')).length).toBeGreaterThan(0)
    await redis().start()
    await expectMended(stores)
  })

  it.each([
    ['a password in it', 'redis://user:canary@127.0.0.1/0'],
    ['another database', 'redis://127.0.0.1/3'],
    ['another protocol', 'http://127.0.0.1/0'],
    ['nothing in it', ''],
    ['a query', 'redis://127.0.0.1/0?db=1'],
  ])('COO-4 refuses a URL with %s, and quotes nothing of it', async (_name, url) => {
    const { sink } = createRecordingSink()
    const failure = await openRedisStores({
      url,
      password: undefined,
      prefix: 'p',
      builtInIssuer: issuer,
      recordLifeMs: 1,
      signer: createEventSigner(Buffer.alloc(32)),
      sink,
      now: Date.now,
      maxTicketsPerSession: 1,
      log: readableLog().log,
    }).catch((error: Error) => error.message)
    expect(failure).toMatch(/^the URL of Redis (must|has)/)
    expect(failure).not.toContain('canary')
  })

  it('W94 warns of nothing when it is closed in good order', async () => {
    const { stores, lines } = await open()
    await expectMended(stores)
    lines.length = 0
    const asked = stores.authorities.current(alice).catch(() => undefined)
    await stores.close()
    await asked
    // What the sockets still have to say.
    await new Promise((resolve) => setImmediate(resolve))
    expect(lines).toEqual([])
  })

  it('LOG-2 tells neither password nor values, whatever happens', async () => {
    await redis().command('ACL', 'SETUSER', 'sidecar', 'on', '>canary-right', '~*', '&*', '+@all')
    const user = { user: 'sidecar', password: 'canary-right' }
    const { stores, lines } = await open(freshPrefix(), user)
    await expectMended(stores)
    await redis().command('ACL', 'SETUSER', 'sidecar', 'resetpass', '>canary-new')
    await redis().command('CLIENT', 'KILL', 'USER', 'sidecar')
    const failure = await stores.sessions
      .create({ ...sessionAt(Date.now(), 'canary') })
      .catch((error: unknown) => error)
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('canary')
    await noticed(() => expect(lines.join('\n')).toContain('check the user'))
    expect(lines.join('\n')).not.toContain('canary')
  })
})
