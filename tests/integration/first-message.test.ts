// Sockets that come without a credential and send it as their first message, through real Traefik.

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { WebSocket } from 'ws'
import { maskedText } from '../support/frames.ts'
import { login, logout } from '../support/http.ts'
import { rawUpgrade } from '../support/raw-upgrade.ts'
import { freshAddress } from '../support/source-address.ts'
import { readStack, type Stack, startStack } from '../support/stack.ts'
import { forge } from '../support/tokens.ts'

const deadlineMs = 2000
const perAddress = 3

let stack: Stack

beforeAll(async () => {
  stack = await startStack({
    SIDECAR_CREDENTIAL_WAYS: 'session-cookie,authorization,subprotocol,ticket,first-message',
    BACKEND_AUTHENTICATE_DEADLINE_MS: `${deadlineMs}`,
    BACKEND_MAX_PENDING_PER_ADDRESS: `${perAddress}`,
    WS_RATE_LIMIT: '1000',
  })
})
afterAll(() => stack.stop())

type Message = { readonly type: string; readonly data?: Readonly<Record<string, unknown>> }

type PendingOptions = {
  readonly cookie?: string
  readonly origin?: string
  readonly from?: string
}

/** Opens a pending socket; rejects with the status of a refusal. */
async function openPending({ cookie, origin, from }: PendingOptions = {}) {
  const url = stack.endpoints.public.replace('http', 'ws').replace('localhost', '127.0.0.1')
  const socket = new WebSocket(`${url}/ws`, 'sallyport.v1.first-message', {
    localAddress: from ?? freshAddress(),
    headers: { origin: origin ?? stack.endpoints.public, ...(cookie && { cookie }) },
  })
  const messages: Message[] = []
  const waiting = new Set<() => void>()
  socket.on('message', (data: Buffer) => {
    messages.push(JSON.parse(data.toString()) as Message)
    for (const look of waiting) look()
  })
  const closed = new Promise<number>((resolve) => {
    socket.once('close', resolve)
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
    socket.once('unexpected-response', (_request, { statusCode }) =>
      reject(new Error(`refused with ${statusCode}`)),
    )
  })
  socket.on('error', () => {}) // reported by `closed`
  const say = (message: object) => socket.send(JSON.stringify(message))
  return {
    protocol: socket.protocol,
    messages,
    closed,
    say,
    authenticate: (token: string) => say({ type: 'authenticate', data: { token } }),
    terminate: () => socket.terminate(),
    message: (type: string) =>
      new Promise<Message>((resolve, reject) => {
        const look = () => {
          const found = messages.find((message) => message.type === type)
          if (found) resolve(found)
        }
        waiting.add(look)
        void closed.then((code) => reject(new Error(`closed with ${code} before "${type}"`)))
        look()
      }),
  }
}

const subscribe = { type: 'subscribe', data: { channel: 'room:first' } }

describe('a credential in the first message', () => {
  it('R1.3 opens a socket that can do what every socket can, and ends with its session', async () => {
    const alice = await login(stack)
    const socket = await openPending()
    expect(socket.protocol).toBe('sallyport.v1.first-message')
    socket.authenticate(alice.token)
    expect((await socket.message('welcome')).data).toMatchObject({ sessionId: expect.any(String) })
    socket.say(subscribe)
    await socket.message('subscribed')
    await logout(stack, alice)
    expect(await socket.closed).toBe(4410)
  })

  it('R1.3 is the only credential: the cookie that came along decides nothing', async () => {
    const [alice, bob] = [await login(stack), await login(stack, 'bob')]
    const socket = await openPending({ cookie: alice.cookie })
    socket.say(subscribe)
    expect(await socket.closed).toBe(4400)
    const other = await openPending({ cookie: alice.cookie })
    other.authenticate(bob.token)
    const name = (await other.message('welcome')).data?.['userId']
    expect(name).toBe('bob')
    other.terminate()
  })

  it('FMA-3 is followed in one piece by messages that are handled after it, in order, or never', async () => {
    const alice = await login(stack)
    for (const [token, code] of [
      [alice.token, undefined],
      [forge(alice.token), 4401],
    ] as const) {
      const { status, socket } = await rawUpgrade(stack, {
        headers: [['Sec-WebSocket-Protocol', 'sallyport.v1.first-message']],
      })
      expect(status).toBe(101)
      let received = Buffer.alloc(0)
      const seen = new Promise<string>((resolve) => {
        socket.on('data', (chunk: Buffer) => {
          received = Buffer.concat([received, chunk])
          const text = received.toString('latin1')
          if (text.includes('"n":19}') || text.includes('"disconnect"')) resolve(text)
        })
      })
      const publishes = Array.from({ length: 20 }, (_, n) => ({
        type: 'publish',
        data: { channel: 'room:first', data: { n } },
      }))
      const all = [{ type: 'authenticate', data: { token } }, subscribe, ...publishes]
      socket.write(Buffer.concat(all.map((message) => maskedText(JSON.stringify(message)))))
      const text = await seen
      const numbers = [...text.matchAll(/"n":(\d+)/g)].map(([, n]) => Number(n))
      if (code === undefined) expect(numbers).toEqual(publishes.map((_, n) => n))
      else expect([numbers, text.includes(`"code":${code}`)]).toEqual([[], true])
      socket.destroy()
    }
  })

  it('AUT-1 J25 is refused like any other: forged, revoked, too long', async () => {
    const alice = await login(stack)
    const close = async (token: string) => {
      const socket = await openPending()
      socket.authenticate(token)
      const code = await socket.closed
      expect(socket.messages.map(({ type }) => type)).toEqual(['disconnect'])
      return code
    }
    expect(await close(forge(alice.token))).toBe(4401)
    expect(await close('no.token.atall')).toBe(4401)
    expect(await close('x'.repeat(8193))).toBe(4400)
    expect(await close('x'.repeat(16_384))).toBe(1009)
    await logout(stack, alice)
    expect(await close(alice.token)).toBe(4401)
  })
})

describe('a socket that nobody is behind', () => {
  it('R1.3 W61 ends with advice and 4408 at its deadline, never with a bare 1006', async () => {
    const startedAtMs = performance.now()
    const socket = await openPending()
    expect(await socket.closed).toBe(4408)
    expect(performance.now() - startedAtMs).toBeGreaterThan(deadlineMs - 100)
    expect(socket.messages).toMatchObject([{ type: 'disconnect', data: { code: 4408 } }])
  })

  it('ORG-1 is not even opened for a foreign page', async () => {
    const opening = openPending({ origin: 'https://evil.example' })
    await expect(opening).rejects.toThrow('refused with 403')
  })

  it('FMA-1 takes one of few places of its address', async () => {
    const from = freshAddress()
    const sockets = []
    for (let n = 0; n < perAddress; n += 1) sockets.push(await openPending({ from }))
    await expect(openPending({ from })).rejects.toThrow('refused with 429')
    const [first] = sockets
    first?.authenticate((await login(stack)).token)
    await first?.message('welcome')
    sockets.push(await openPending({ from }))
    for (const socket of sockets) socket.terminate()
  })

  it('R0.4 does not exist where the way is off', async () => {
    const usual = readStack(inject('stateFolder'))
    const refused = await rawUpgrade(usual, {
      headers: [['Sec-WebSocket-Protocol', 'sallyport.v1.first-message']],
    })
    expect(refused.status).toBe(401)
    const { code, accepts } = JSON.parse(refused.body) as { code: string; accepts: string[] }
    expect([code, accepts.includes('first-message')]).toEqual(['authentication-required', false])
  })
})
