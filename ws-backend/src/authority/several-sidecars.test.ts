// One store, several sidecars: feeds side by side, questions to whichever answers. Transports are the test's.

import { internalPaths } from '@sallyport/contracts/authority-questions'
import { createLog } from '@sallyport/service-kit/log'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { testIdentity } from '../testing/test-backend.ts'
import { createAuthorityLink } from './authority-link.ts'
import { AuthorityOutage } from './authority-outage.ts'
import type { FeedHandlers } from './http2-transport.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const good = '{"verdicts":["good"]}'
const names = ['https://a.test', 'https://b.test', 'https://c.test'] as const
const silent = () => new Promise<string>(() => {})

/** A sidecar that a test drives; `answer` is what it says to every question. */
function makeSidecar(name: string) {
  const asked: { path: string; body: string; deadlineMs: number }[] = []
  const opened: string[] = []
  let handlers: FeedHandlers | undefined
  const sidecar = {
    name,
    asked,
    opened,
    answer: (): Promise<string> => Promise.resolve(good),
    say: (line: unknown) => handlers?.onText(`${JSON.stringify(line)}\n`),
    cut: () => {
      const { onClosed } = handlers ?? {}
      handlers = undefined
      onClosed?.()
    },
    connect: (sequence = 0) => sidecar.say({ type: 'position', epoch: 'e', sequence }),
    transport: {
      openFeed: (path: string, given: FeedHandlers) => {
        opened.push(path)
        handlers = given
        return { close: sidecar.cut }
      },
      post: (path: string, body: string, deadlineMs: number) => {
        if (path === internalPaths.applied) return Promise.resolve('{}')
        asked.push({ path, body, deadlineMs })
        return Promise.race([sidecar.answer(), timeout(deadlineMs)])
      },
      close: () => Promise.resolve(),
    },
  }
  return sidecar
}

async function timeout(deadlineMs: number): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, deadlineMs))
  throw new AuthorityOutage('timeout')
}

function make(count: number) {
  const sidecars = names.slice(0, count).map(makeSidecar)
  const onOutcome = vi.fn()
  const onFeeds = vi.fn()
  const onConnected = vi.fn()
  const link = createAuthorityLink({
    sidecars,
    node: 'node-1',
    onOutcome,
    onFeedOpened: () => {},
    onFeedProved: () => {},
    onFeeds,
    onConnected,
    random: () => 0,
    now: Date.now,
    log: createLog('ws-backend', 'error', { write: () => {} }),
  })
  link.start()
  const [a, b, c] = sidecars
  if (!a || !b) throw new Error('at least two')
  const counts = () => sidecars.map(({ asked }) => asked.length)
  return { link, a, b, c, counts, onOutcome, onFeeds, onConnected }
}

const check = ({ link }: Pick<ReturnType<typeof make>, 'link'>) => link.check([testIdentity()])

describe('several feeds', () => {
  it('RX.2 stand side by side: connected is any of them, and it is told when that changes', () => {
    const { link, a, b, onFeeds, onConnected } = make(2)
    expect([a.opened, b.opened, link.isConnected()]).toEqual([
      ['/authority/feed?node=node-1'],
      ['/authority/feed?node=node-1'],
      false,
    ])
    a.connect()
    b.connect()
    a.cut()
    expect(link.isConnected()).toBe(true)
    b.cut()
    expect(link.isConnected()).toBe(false)
    expect(onFeeds.mock.calls).toEqual([[1], [2], [1], [0]])
    expect(onConnected.mock.calls).toEqual([[true], [false]])
  })

  it('RX.2 each goes on where it left off itself', () => {
    const { a, b } = make(2)
    a.connect(3)
    b.connect(3)
    a.say({ type: 'session-ended', sequence: 4, sessionId: 's', subject: 'x', scope: 'cookie' })
    a.cut()
    b.cut()
    vi.advanceTimersByTime(50)
    expect(a.opened[1]).toBe('/authority/feed?node=node-1&epoch=e&after=4')
    expect(b.opened[1]).toBe('/authority/feed?node=node-1&epoch=e&after=3')
  })

  it('RX.1 apply what each tells: the fastest wins, and the other one repeats it', () => {
    const { a, b, onOutcome } = make(2)
    a.connect()
    b.connect()
    onOutcome.mockClear()
    const ended = {
      type: 'session-ended',
      sequence: 1,
      sessionId: 's',
      subject: 'x',
      scope: 'cookie',
    }
    const gone = { type: 'subject-ended', sequence: 2, issuer: 'i', subject: 'x' }
    for (const line of [ended, gone]) b.say(line)
    for (const line of [ended, gone]) a.say(line)
    expect(onOutcome.mock.calls).toEqual([
      [ended, b.name],
      [gone, b.name],
      [ended, a.name],
      // Perhaps the subject has come back meanwhile.
      [{ type: 'subject-doubted', issuer: 'i', subject: 'x' }, a.name],
    ])
  })

  it('answer a listing where it was asked for', async () => {
    const { link, a, b, onOutcome, counts } = make(2)
    a.connect()
    b.connect()
    b.say({ type: 'list-connections', questionId: 'q' })
    expect(onOutcome).toHaveBeenLastCalledWith(
      { type: 'list-connections', questionId: 'q' },
      b.name,
    )
    const answer = { questionId: 'q', node: 'node-1', total: 0, connections: [] }
    await link.sendConnections(b.name, answer)
    expect(counts()).toEqual([0, 1])
    expect(b.asked[0]).toMatchObject({
      path: '/authority/connections',
      body: JSON.stringify(answer),
    })
  })
})

describe('a question', () => {
  it('goes to a sidecar whose feed is connected, and among those to the one that answered last', async () => {
    const made = make(3)
    const { a, b, c, counts } = made
    await check(made)
    expect(counts()).toEqual([1, 0, 0])
    b.connect()
    await check(made)
    c?.connect()
    await check(made)
    expect(counts()).toEqual([1, 2, 0])
    a.connect()
    b.cut()
    await check(made)
    expect(counts()).toEqual([2, 2, 0])
  })

  it.each([
    ['an outage', () => Promise.reject(new AuthorityOutage('unreachable'))],
    ['a 503', () => Promise.reject(new AuthorityOutage('bad-answer'))],
    ['no answer that can be trusted', () => Promise.resolve('{"verdicts":["good","good"]}')],
    ['no JSON', () => Promise.resolve('<html>')],
  ])('RX.12 %s of one is none while another answers', async (_, answer) => {
    const made = make(2)
    made.a.answer = answer
    expect(await check(made)).toEqual(['good'])
    expect(made.counts()).toEqual([1, 1])
    // From then on the other one is asked first.
    await check(made)
    expect(made.counts()).toEqual([1, 2])
  })

  it('SES-6 waits a second for one that is silent, and two for all of them', async () => {
    const made = make(3)
    const { a, b, c, counts } = made
    a.answer = silent
    const asked = check(made)
    await vi.advanceTimersByTimeAsync(999)
    expect(counts()).toEqual([1, 0, 0])
    await vi.advanceTimersByTimeAsync(1)
    expect(await asked).toEqual(['good'])
    expect([a, b].map((one) => one.asked[0]?.deadlineMs)).toEqual([1000, 1000])
    for (const one of [a, b, c]) if (one) one.answer = silent
    const inVain = check(made)
    inVain.catch(() => {})
    await vi.advanceTimersByTimeAsync(2000)
    await expect(inVain).rejects.toMatchObject({ code: 'timeout' })
    // Who answered last, then the next one; nobody twice, and no time for a third.
    expect(counts()).toEqual([2, 2, 0])
  })

  it('asks each once only, and is an outage when none answers', async () => {
    const made = make(2)
    for (const one of [made.a, made.b]) {
      one.answer = () => Promise.reject(new AuthorityOutage('unreachable'))
    }
    await expect(check(made)).rejects.toMatchObject({ code: 'unreachable' })
    expect(made.counts()).toEqual([1, 1])
  })

  it('RX.3 "may it go on?" fails over like every other, and believes a whole answer only', async () => {
    const made = make(2)
    const identity = testIdentity()
    made.a.answer = () => Promise.resolve('{"outcome":"refreshed"}')
    made.b.answer = () => Promise.resolve(JSON.stringify({ outcome: 'refreshed', identity }))
    const { ttlMs: _ttlMs, username: _username, ...asked } = identity
    const request = { token: 't', identity: asked }
    expect(await made.link.refresh(request)).toEqual({ outcome: 'refreshed', identity })
    expect(made.b.asked[0]).toEqual({
      path: '/authority/refresh',
      body: JSON.stringify(request),
      deadlineMs: 1000,
    })
  })

  it('a bug is none of their outages', async () => {
    const made = make(2)
    made.a.answer = () => Promise.reject(new TypeError('a bug'))
    await expect(check(made)).rejects.toThrow(TypeError)
    expect(made.counts()).toEqual([1, 0])
  })
})
