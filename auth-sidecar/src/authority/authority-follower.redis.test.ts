import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NumberedEvent } from '@sallyport/contracts/authority-event'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createEventSigner } from '../redis/signed-event.ts'
import { connectTo, freshPrefix, readableLog, useRedis } from '../redis/testing/redis-fixture.ts'
import { contractIssuer, createRecordingSink } from './authority-store.contract.ts'
import { openRedisAuthorityStore, type RedisAuthorityOptions } from './authority-store.redis.ts'
import type { AuthorityChange } from './authority-store.ts'

const redis = useRedis()
const signingSecret = Buffer.alloc(32, 7)
const signer = createEventSigner(signingSecret)
const alice = { issuer: contractIssuer, subject: 'alice', sessionId: 's1' }

type Options = Partial<RedisAuthorityOptions> & { readonly user?: string }

/** A sidecar's store: what it told its sink, and what it counted as forged. */
async function open({ user, ...options }: Options = {}) {
  const { sink, events: calls } = createRecordingSink()
  const credentials = user === undefined ? {} : { user, password: 'x' }
  let forged = 0
  const prefix = options.prefix ?? freshPrefix()
  const store = await openRedisAuthorityStore({
    connection: await connectTo(redis(), credentials),
    subscriber: await connectTo(redis(), credentials),
    prefix,
    builtInIssuer: contractIssuer,
    recordLifeMs: 1_000_000,
    signer,
    sink,
    now: Date.now,
    log: readableLog().log,
    pollIntervalMs: 100,
    onForged: (count) => {
      forged += count
    },
    ...options,
  })
  onTestFinished(store.close)
  const appended = () => calls.flatMap((each) => (each.call === 'append' ? [each.event] : []))
  return {
    store,
    calls,
    appended,
    prefix,
    forged: () => forged,
    stream: `${prefix}:{authority}:events`,
    head: `${prefix}:{authority}:head`,
    ids: () => appended().map((event) => (event as { sessionId?: string }).sessionId),
    position: () => calls.flatMap((each) => (each.call === 'follow' ? [each.position] : [])).at(-1),
    epoch: async () => (await store.current(alice)).generation.epoch,
    end: (sessionId: string) => store.apply({ type: 'end-session', sessionId, subject: 'alice' }),
  }
}

type Sidecar = Awaited<ReturnType<typeof open>>

const until = (assertion: () => void | Promise<void>) => vi.waitFor(assertion, { timeout: 3000 })

function expectInOrder(events: readonly NumberedEvent[]): void {
  const numbers = events.map(({ sequence }) => sequence)
  expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] ?? 0) + at))
}

/** Resolves when the stream has been read so many times more. */
async function pollsOf(count: number): Promise<void> {
  const reads = async () => {
    const statistics = (await redis().command('INFO', 'commandstats')) as string
    return Number(/cmdstat_xrange:calls=(\d+)/.exec(statistics)?.[1])
  }
  const before = await reads()
  await until(async () => expect(await reads()).toBeGreaterThanOrEqual(before + count))
}

describe('two sidecars on one Redis', () => {
  it('SES-4 RX.1 tell the same events under the same numbers, whoever made them', async () => {
    const a = await open()
    const b = await open({ prefix: a.prefix })
    expect(b.position()).toEqual(a.position())
    await a.end('of a')
    await b.end('of b')
    await until(() => expect(a.ids()).toEqual(['of a', 'of b']))
    await until(() => expect(b.appended()).toEqual(a.appended()))
    expect(await b.store.current({ ...alice, sessionId: 'of a' })).toMatchObject({
      generation: { session: 1 },
    })
  })

  it('SES-4 make 400 changes at once: each event comes once, in one order, on both', async () => {
    const a = await open()
    const b = await open({ prefix: a.prefix })
    const changes = Array.from({ length: 200 }, (_, at) => [a.end(`a${at}`), b.end(`b${at}`)])
    await Promise.all(changes.flat())
    await until(() => expect(a.appended()).toHaveLength(400))
    await until(() => expect(b.appended()).toHaveLength(400))
    expectInOrder(a.appended())
    expect(b.appended()).toEqual(a.appended())
    expect(new Set(a.ids()).size).toBe(400)
  })

  it('RX.2 begin one epoch, however many start at once', async () => {
    const prefix = freshPrefix()
    const sidecars = await Promise.all(Array.from({ length: 6 }, () => open({ prefix })))
    const epochs = await Promise.all(sidecars.map(({ epoch }) => epoch()))
    expect(new Set(epochs).size).toBe(1)
    await until(() => {
      for (const each of sidecars) expect(each.position()).toMatchObject({ epoch: epochs[0] })
    })
  })
})

describe('lines that no sidecar wrote', () => {
  const change: AuthorityChange = { type: 'end-session', sessionId: 'forged', subject: 'alice' }
  const event = { type: 'session-ended', sessionId: 'forged', subject: 'alice' } as const
  const lineBy = (secret: Uint8Array, epoch: string, sequence: number) =>
    createEventSigner(secret).sign({ epoch, sequence }, { ...event, scope: 'everything' })

  it('W96 are not believed when they are published, and what is true comes all the same', async () => {
    const a = await open()
    await a.end('first')
    const epoch = await a.epoch()
    const stranger = Buffer.alloc(32, 8)
    const genuine = lineBy(signingSecret, epoch, 2)
    const forgeries = [
      'nonsense',
      JSON.stringify({ ...change, sequence: 2 }),
      lineBy(stranger, epoch, 2),
      genuine.replace('"forged"', '"altered"'),
      genuine.replace(' 2 ', ' 3 '),
      'x'.repeat(10_000),
    ]
    for (const line of forgeries) await redis().command('PUBLISH', a.stream, line)
    await until(() => expect(a.forged()).toBe(forgeries.length))
    // A genuine line again, and one of another epoch, are no news.
    await redis().command('PUBLISH', a.stream, lineBy(signingSecret, epoch, 1))
    await redis().command('PUBLISH', a.stream, lineBy(signingSecret, 'another-epoch', 2))
    await a.end('second')
    await until(() => expect(a.ids()).toEqual(['first', 'second']))
    expectInOrder(a.appended())
    expect(a.position()).toMatchObject({ epoch, sequence: 0 })
    expect(a.store.isFollowing()).toBe(true)
  })

  it.each<[string, string[]]>([
    ['at the next number', ['2-0']],
    ['between two numbers', ['1-1', '1-2', '1-3']],
    ['far ahead', ['18446744073709551615-0']],
  ])('W96 are not believed when they stand in the stream %s, and are counted once', async (_name, ids) => {
    const a = await open()
    await a.end('first')
    const line = lineBy(Buffer.alloc(32, 8), await a.epoch(), 2)
    for (const id of ids) await redis().command('XADD', a.stream, id, 'line', line)
    await until(() => expect(a.forged()).toBe(ids.length))
    await a.end('second')
    await a.end('third')
    await until(() => expect(a.ids()).toEqual(['first', 'second', 'third']))
    await pollsOf(3)
    expect(a.forged()).toBe(ids.length)
    const late = await open({ prefix: a.prefix })
    await late.end('fourth')
    await until(() => expect(a.ids().at(-1)).toBe('fourth'))
    expectInOrder(a.appended())
  })

  it('W96 in the place of one that was taken away: who missed it is told to ask about everything', async () => {
    const { away, others, comeBack } = await sidecarThatIsAway()
    await others.end('missed')
    const { sequence } = await headOf(others)
    await redis().command('XDEL', others.stream, `${sequence}-0`)
    await others.end('next')
    await comeBack()
    await until(() => expect(away.position()).toMatchObject({ sequence: sequence + 1 }))
    expect(away.ids()).not.toContain('missed')
    expect(away.ids()).not.toContain('next')
  })

  it('RX.14 of a sidecar whose ring was turned further are believed by who knows both secrets', async () => {
    const newer = Buffer.alloc(32, 9)
    const a = await open({ signer: createEventSigner(signingSecret, [newer]) })
    const b = await open({ prefix: a.prefix, signer: createEventSigner(newer) })
    await b.end('by the newer')
    await until(() => expect(a.ids()).toEqual(['by the newer']))
    expect(a.forged()).toBe(0)
  })
})

async function headOf({ head }: Sidecar) {
  const [epoch, sequence] = (await redis().command('HMGET', head, 'epoch', 'sequence')) as string[]
  return { epoch, sequence: Number(sequence) }
}

/** Two sidecars, one of which Redis does not let in until it may come back. */
async function sidecarThatIsAway() {
  const user = `away-${freshPrefix()}`
  const setUser = (...rules: string[]) => redis().command('ACL', 'SETUSER', user, ...rules)
  await setUser('on', '>x', '~*', '&*', '+@all')
  const others = await open()
  const away = await open({ prefix: others.prefix, user })
  await others.end('before')
  await until(() => expect(away.ids()).toEqual(['before']))
  await setUser('off')
  await redis().command('CLIENT', 'KILL', 'USER', user)
  await until(() => expect(away.store.isFollowing()).toBe(false))
  return { away, others, comeBack: () => setUser('on') }
}

describe('a sidecar that was away', () => {
  it('SES-5 goes on where it was, and tells all it missed in order', async () => {
    const { away, others, comeBack } = await sidecarThatIsAway()
    const before = away.appended().at(-1)?.sequence
    for (const id of ['x', 'y', 'z']) await others.end(id)
    await comeBack()
    await until(() => expect(away.ids()).toEqual(['before', 'x', 'y', 'z']))
    const calls = away.calls.slice(away.calls.findIndex(({ call }) => call === 'lose'))
    expect(calls.map(({ call }) => call)).toEqual(['lose', 'follow', 'append', 'append', 'append'])
    expect(away.position()).toMatchObject({ sequence: before })
    expectInOrder(away.appended())
  })

  it('SES-5 tells a thousand and more that it missed, page by page', async () => {
    const { away, others, comeBack } = await sidecarThatIsAway()
    await Promise.all(Array.from({ length: 2500 }, (_, at) => others.end(`${at}`)))
    await comeBack()
    await until(() => expect(away.appended()).toHaveLength(2501))
    expectInOrder(away.appended())
    expect(away.calls.filter(({ call }) => call === 'follow')).toHaveLength(2)
  })

  it('SES-5 tells to ask about everything when what it missed is kept no more', async () => {
    const { away, others, comeBack } = await sidecarThatIsAway()
    for (const id of ['x', 'y', 'z']) await others.end(id)
    await redis().command('XTRIM', others.stream, 'MAXLEN', 1)
    await comeBack()
    await until(async () => expect(away.position()).toEqual(await headOf(others)))
    expect(away.ids()).toEqual(['before'])
    await others.end('after')
    await until(() => expect(away.ids()).toEqual(['before', 'after']))
  })

  it('SES-5 misses nothing when only what is published does not reach it', async () => {
    const a = await open()
    const b = await open({ prefix: a.prefix })
    for (let round = 0; round < 5; round += 1) {
      const ends = Array.from({ length: 20 }, (_, at) => a.end(`${round} ${at}`))
      await redis().command('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await Promise.all(ends)
    }
    await until(() => expect(b.appended()).toHaveLength(100))
    expectInOrder(b.appended())
  })

  it('SES-5 keeps the stream within its bound', async () => {
    const a = await open({ maxEvents: 100 })
    await Promise.all(Array.from({ length: 1000 }, (_, at) => a.end(`${at}`)))
    expect(await redis().command('XLEN', a.stream)).toBeLessThan(250)
    await until(() => expect(a.appended()).toHaveLength(1000))
  })
})

describe('a Redis that went back', () => {
  it('W94 to an older copy of itself begins a new epoch, the same for all', async () => {
    const a = await open()
    const b = await open({ prefix: a.prefix })
    await a.end('kept')
    const before = await a.epoch()
    await redis().save()
    await a.end('lost')
    await until(() => expect(b.ids()).toEqual(['kept', 'lost']))
    await redis().restore()
    await until(async () => expect(await a.epoch()).not.toBe(before))
    await until(async () => expect(await b.epoch()).toBe(await a.epoch()))
    await until(() => expect(a.position()).toEqual(b.position()))
    expect(a.position()).toMatchObject({ epoch: await a.epoch() })
  })

  it('W94 while no sidecar ran is found out by one that remembers in its folder', async () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), 'sallyport-state-'))
    onTestFinished(() => rmSync(stateDirectory, { recursive: true }))
    const a = await open({ stateDirectory })
    await a.end('kept')
    await redis().save()
    await a.end('lost')
    const before = await a.epoch()
    await a.store.close()
    await redis().restore()
    const forgetful = await open({ prefix: a.prefix })
    expect(await forgetful.epoch()).toBe(before)
    const b = await open({ prefix: a.prefix, stateDirectory })
    expect(await b.epoch()).not.toBe(before)
    await until(async () => expect(await forgetful.epoch()).toBe(await b.epoch()))
  })

  it('W94 and came to the same number by other changes begins a new epoch', async () => {
    const { away, others, comeBack } = await sidecarThatIsAway()
    const { epoch, sequence } = await headOf(others)
    // As a replica that took over would have it: the last event never came, another stands in its place.
    await redis().command('DEL', others.stream)
    const line = createEventSigner(signingSecret).sign(
      { epoch: epoch ?? '', sequence },
      { type: 'check-all' },
    )
    await redis().command('XADD', others.stream, `${sequence}-0`, 'line', line)
    await redis().command('HSET', others.head, 'line', line)
    await comeBack()
    await until(async () => expect(await away.epoch()).not.toBe(epoch))
    await until(async () => expect(away.position()).toMatchObject({ epoch: await others.epoch() }))
  })

  it.each([
    ['epoch', 'no epoch!'],
    ['sequence', 'many'],
    ['startedAtMs', '-1'],
  ])('W94 with a damaged %s begins a new epoch', async (field, value) => {
    const a = await open()
    const before = await a.epoch()
    await redis().command('HSET', a.head, field, value)
    await until(async () => expect(await a.epoch()).not.toBe(before))
    const epoch = await a.epoch()
    await until(() => expect(a.position()).toMatchObject({ epoch }))
    await a.end('after')
    await until(() => expect(a.ids()).toEqual(['after']))
  })

  it('W94 takes a damaged record for an outage, and makes nobody else’s change wait for it', async () => {
    const a = await open()
    await a.end('s1')
    const [key = ''] = (await redis().command('KEYS', `${a.prefix}:*:session:*`)) as string[]
    await redis().command('SET', key, '{"kind":"session","generation":0}')
    await expect(a.store.current(alice)).rejects.toMatchObject({ code: 'corrupt-value' })
    const [own, others] = await Promise.allSettled([a.end('s1'), a.end('s2')])
    expect([own.status, others.status]).toEqual(['rejected', 'fulfilled'])
    expect(await a.store.current({ ...alice, sessionId: 's2' })).toMatchObject({
      generation: { session: 1 },
    })
  })
})
