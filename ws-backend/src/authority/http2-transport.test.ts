// The plumbing against a real HTTP/2 listener: deadlines, statuses, lost listeners, and the listener's role.

import { once } from 'node:events'
import tls from 'node:tls'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FakeSidecar, startFakeSidecar } from '../testing/fake-sidecar.ts'
import { startFreezableRelay } from '../testing/freezable-relay.ts'
import { testIdentity } from '../testing/test-backend.ts'
import { createTestAuthority } from '../testing/test-certificates.ts'
import { type AuthorityTransport, createHttp2Transport } from './http2-transport.ts'

let authority: Awaited<ReturnType<typeof createTestAuthority>>
let sidecar: FakeSidecar
let transport: AuthorityTransport
let judge: () => 'good' | Promise<'good'>

beforeAll(async () => {
  authority = await createTestAuthority()
})
beforeEach(async () => {
  judge = () => 'good'
  sidecar = await startFakeSidecar(await authority.issue('auth-sidecar'), { judge: () => judge() })
  transport = createHttp2Transport(sidecar.url, await authority.issue('ws-backend'))
})
afterEach(async () => {
  await transport.close()
  await sidecar.close()
})

const question = JSON.stringify({ identities: [testIdentity()] })
const answer = '{"verdicts":["good"]}'

describe('a question', () => {
  it('is answered, many at a time', async () => {
    const asked = Array.from({ length: 20 }, () =>
      transport.post('/authority/check', question, 2000),
    )
    expect(new Set(await Promise.all(asked))).toEqual(new Set([answer]))
  })

  it('R0.7 is an outage when no answer comes in time, and the next one is asked afresh', async () => {
    judge = () => new Promise<'good'>(() => {})
    const asked = transport.post('/authority/check', question, 50)
    await expect(asked).rejects.toMatchObject({ code: 'timeout' })
    judge = () => 'good'
    expect(await transport.post('/authority/check', question, 2000)).toBe(answer)
  })

  it('R0.7 is an outage when it is answered by anything but 200', async () => {
    judge = () => Promise.reject(new Error('store is down'))
    const asked = transport.post('/authority/check', question, 2000)
    await expect(asked).rejects.toMatchObject({ code: 'bad-answer' })
  })

  it('R0.7 is an outage when nobody listens', async () => {
    await sidecar.close()
    const asked = transport.post('/authority/check', question, 2000)
    await expect(asked).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('R0.7 is not asked of a listener with another role', async () => {
    const stranger = await startFakeSidecar(await authority.issue('frontend'))
    const strange = createHttp2Transport(stranger.url, await authority.issue('ws-backend'))
    const asked = strange.post('/authority/check', question, 2000)
    await expect(asked).rejects.toMatchObject({ code: 'unreachable' })
    expect(stranger.batchSizes).toEqual([])
    await strange.close()
    await stranger.close()
  })
})

describe('a peer that froze', () => {
  /** Asks `count` times in vain through a relay; resolves with every TLS socket that was opened to it. */
  async function askInVain(count: number, freezeAfterAnswers: number) {
    const opened = vi.spyOn(tls, 'connect')
    const relay = await startFreezableRelay(sidecar.url)
    const frozen = createHttp2Transport(relay.url, await authority.issue('ws-backend'))
    for (let n = 0; n < freezeAfterAnswers; n += 1) {
      expect(await frozen.post('/authority/check', question, 2000)).toBe(answer)
    }
    relay.freeze()
    for (let n = 0; n < count; n += 1) {
      const asked = frozen.post('/authority/check', question, 30)
      await expect(asked).rejects.toMatchObject({ code: 'timeout' })
    }
    const sockets = opened.mock.results.map(({ value }) => value as tls.TLSSocket)
    opened.mockRestore()
    const close = async () => {
      await frozen.close()
      await relay.close()
    }
    return { sockets, close }
  }

  it.each([
    ['in the handshake', 0],
    ['after an answer', 1],
  ])('RX.11 %s costs no connection: each is cut once its question has timed out', async (_, n) => {
    const { sockets, close } = await askInVain(3, n)
    expect(sockets).toHaveLength(3)
    const open = sockets.filter(({ destroyed }) => !destroyed)
    await Promise.all(open.map((socket) => once(socket, 'close')))
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true, true])
    await close()
  })
})

describe('a feed', () => {
  it('hands on what is said, and tells once that it ended', async () => {
    const onClosed = vi.fn()
    let heard = ''
    const closed = new Promise<void>((resolve) => {
      transport.openFeed('/authority/feed', {
        onText: (chunk) => {
          heard += chunk
          if (heard.endsWith('two')) sidecar.cutFeeds()
        },
        onClosed: () => {
          onClosed()
          resolve()
        },
      })
    })
    await sidecar.feedOpened()
    sidecar.sayRaw('one ')
    sidecar.sayRaw('two')
    await closed
    expect([heard, onClosed.mock.calls.length]).toEqual(['one two', 1])
  })

  it('tells that it ended when it cannot be opened', async () => {
    await sidecar.close()
    await new Promise<void>((resolve) => {
      transport.openFeed('/authority/feed', { onText: () => {}, onClosed: resolve })
    })
    expect(sidecar.feedPaths).toEqual([])
  })

  it('ends when it is closed', async () => {
    const closed = Promise.withResolvers<void>()
    const feed = transport.openFeed('/authority/feed', {
      onText: () => {},
      onClosed: closed.resolve,
    })
    await sidecar.feedOpened()
    feed.close()
    await expect(closed.promise).resolves.toBeUndefined()
  })
})
