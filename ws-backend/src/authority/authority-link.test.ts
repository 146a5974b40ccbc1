// The link over a transport of the test's own, on fake timers: silence, reconnects, answers that cannot be trusted.

import { maxFeedSilenceMs } from '@sallyport/contracts/authority-event'
import { maxIdentitiesPerCheck } from '@sallyport/contracts/authority-questions'
import { createLog } from '@sallyport/service-kit/log'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { testIdentity } from '../testing/test-backend.ts'
import { createAuthorityLink } from './authority-link.ts'
import type { FeedHandlers } from './http2-transport.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function make(answer: (path: string, body: string) => Promise<string> = () => Promise.resolve('')) {
  const paths: string[] = []
  let handlers: FeedHandlers | undefined
  const onOutcome = vi.fn()
  const onConnected = vi.fn()
  const lag = { ms: 0 }
  const close = () => {
    const { onClosed } = handlers ?? {}
    handlers = undefined
    onClosed?.()
  }
  const transport = {
    openFeed: (path: string, given: FeedHandlers) => {
      paths.push(path)
      handlers = given
      return { close }
    },
    post: answer,
    close: () => Promise.resolve(),
  }
  const link = createAuthorityLink({
    sidecars: [{ name: 'https://one.test', transport }],
    node: 'node-1',
    onOutcome: (outcome) => onOutcome(outcome),
    onFeedOpened: () => {},
    onFeedProved: () => {},
    onFeeds: () => {},
    onConnected,
    random: () => 1,
    now: () => Date.now() + lag.ms,
    log: createLog('ws-backend', 'error', { write: () => {} }),
  })
  const say = (line: unknown) => handlers?.onText(`${JSON.stringify(line)}\n`)
  const sayRaw = (text: string) => handlers?.onText(text)
  return { link, lag, paths, onOutcome, onConnected, say, sayRaw, cut: close }
}

const position = { type: 'position', epoch: 'e', sequence: 2 }

describe('the authority link', () => {
  it('RX.2 drops a silent feed and opens it again where it left off', () => {
    const { link, paths, say } = make()
    link.start()
    say(position)
    vi.advanceTimersByTime(8000)
    say({ type: 'alive', sequence: 2 })
    vi.advanceTimersByTime(maxFeedSilenceMs - 1)
    expect([link.isConnected(), paths.length]).toEqual([true, 1])
    vi.advanceTimersByTime(1)
    expect(link.isConnected()).toBe(false)
    vi.advanceTimersByTime(100)
    expect(paths).toEqual([
      '/authority/feed?node=node-1',
      '/authority/feed?node=node-1&epoch=e&after=2',
    ])
  })

  it('W86 reads what came while the process stood still before it calls a feed silent', () => {
    const { link, lag, paths, onOutcome, say } = make()
    link.start()
    say(position)
    lag.ms = 13_000
    vi.advanceTimersByTime(maxFeedSilenceMs)
    const gone = { type: 'connection-ended', sequence: 3, connectionId: 'c' }
    say(gone)
    expect(onOutcome).toHaveBeenLastCalledWith(gone)
    vi.advanceTimersByTime(1000)
    expect([link.isConnected(), paths.length]).toEqual([true, 1])
    lag.ms = 26_000
    vi.advanceTimersByTime(maxFeedSilenceMs)
    expect(link.isConnected()).toBe(false)
  })

  it('RX.1 tells its sidecar how far it is only when what the lines caused is done', async () => {
    const told: number[] = []
    const { link, onOutcome, say, sayRaw } = make(async (_, body) => {
      told.push(JSON.parse(body).sequence)
      return '{}'
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    link.start()
    say(position)
    say({ type: 'connection-ended', sequence: 3, connectionId: 'c' })
    await vi.advanceTimersByTimeAsync(0)
    expect(told).toEqual([2, 3])
    onOutcome.mockReturnValueOnce(undefined).mockReturnValueOnce(promise)
    const gone = { type: 'connection-ended', connectionId: 'c' }
    const lines = [
      { ...gone, sequence: 4 },
      { type: 'check-all', sequence: 5 },
      { ...gone, sequence: 6 },
    ]
    sayRaw(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    await vi.advanceTimersByTimeAsync(0)
    expect(told).toEqual([2, 3, 4])
    resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(told).toEqual([2, 3, 4, 6])
  })

  it('RX.2 does not wait for ever for a feed that never says anything', () => {
    const { link, paths } = make()
    link.start()
    vi.advanceTimersByTime(maxFeedSilenceMs + 100)
    expect(paths).toHaveLength(2)
  })

  it('waits longer after each failure, and shortly again after a success', () => {
    const { link, paths, say, cut } = make()
    link.start()
    cut()
    vi.advanceTimersByTime(100)
    cut()
    vi.advanceTimersByTime(199)
    expect(paths).toHaveLength(2)
    vi.advanceTimersByTime(1)
    expect(paths).toHaveLength(3)
    say(position)
    cut()
    vi.advanceTimersByTime(100)
    expect(paths).toHaveLength(4)
  })

  it('RX.2 asks about everybody when it cannot read a line, and keeps listening', () => {
    const { link, paths, onOutcome, say, sayRaw } = make()
    link.start()
    say(position)
    onOutcome.mockClear()
    sayRaw('{"type":"planet-en')
    sayRaw('ded","sequence":3}\n')
    expect(onOutcome.mock.calls).toEqual([[{ type: 'check-all' }]])
    const gone = {
      type: 'session-ended',
      sequence: 4,
      sessionId: 's',
      subject: 'a',
      scope: 'cookie',
    }
    say(gone)
    expect(onOutcome).toHaveBeenCalledWith(gone)
    expect(paths).toHaveLength(1)
  })

  it('RX.11 cuts a feed whose line does not end', () => {
    const { link, paths, sayRaw } = make()
    link.start()
    sayRaw('x'.repeat(65_537))
    vi.advanceTimersByTime(100)
    expect(paths).toHaveLength(2)
  })

  it('is connected from the first line and says so once', () => {
    const { link, onConnected, say, cut } = make()
    link.start()
    expect(link.isConnected()).toBe(false)
    say(position)
    say({ type: 'alive', sequence: 2 })
    cut()
    expect(onConnected.mock.calls).toEqual([[true], [false]])
  })

  it('leaves nothing behind when it is closed', async () => {
    const { link, paths, say } = make()
    link.start()
    say(position)
    await link.close()
    expect(vi.getTimerCount()).toBe(0)
    expect(paths).toHaveLength(1)
  })

  it.each([
    '',
    '{}',
    '{"verdicts":[]}',
    '{"verdicts":["good","good"]}',
    '{"verdicts":["fine"]}',
  ])('R0.7 takes %j for an outage and not for a verdict', async (answer) => {
    const { link } = make(() => Promise.resolve(answer))
    await expect(link.check([testIdentity()])).rejects.toMatchObject({ code: 'bad-answer' })
  })

  const question = { token: 't', route: 'websocket', clientAddress: '192.0.2.1' }

  it.each([
    '',
    '{}',
    '{"outcome":"authenticated"}',
    '{"outcome":"authenticated","identity":{"subject":"alice"}}',
    '{"outcome":"refused"}',
    '{"outcome":"refused","close":"normal"}',
    '{"verdicts":["good"]}',
  ])('R0.7 R1.3 takes %j for an outage and for nobody', async (answer) => {
    const { link } = make(() => Promise.resolve(answer))
    await expect(link.authenticate(question)).rejects.toMatchObject({ code: 'bad-answer' })
  })

  it('R1.3 asks whose token it is, and believes a whole identity', async () => {
    const identity = testIdentity({ way: 'first-message' })
    const post = vi.fn(async () => JSON.stringify({ outcome: 'authenticated', identity }))
    const { link } = make(post)
    expect(await link.authenticate(question)).toEqual({ outcome: 'authenticated', identity })
    expect(post).toHaveBeenCalledWith('/authority/authenticate', JSON.stringify(question), 2000)
  })

  it('RX.2 asks about as many whole identities as a check may name', async () => {
    const verdicts = Array.from({ length: maxIdentitiesPerCheck }, () => 'good')
    const { link } = make(() => Promise.resolve(JSON.stringify({ verdicts })))
    expect(await link.check(verdicts.map(() => testIdentity()))).toEqual(verdicts)
  })
})
