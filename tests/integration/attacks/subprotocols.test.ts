// The subprotocol list: one real protocol is selected, a credential in it is never echoed, never passed on and never
// cut. Refused by the sidecar where nothing else is said.

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Gate, startGate } from '../../support/gate.ts'
import { type Login, login } from '../../support/http.ts'
import { readStack } from '../../support/stack.ts'
import { forge, resign } from '../../support/tokens.ts'

const stack = { ...readStack(inject('stateFolder')), output: () => '', stop: async () => {} }
let gate: Gate
let alice: Login
let other: string

beforeAll(async () => {
  gate = await startGate(stack)
  alice = await login(stack)
  other = (await login(stack)).token
})
afterAll(() => gate?.close())

const offer = (...lines: string[]) => ({
  headers: lines.map((line) => ['Sec-WebSocket-Protocol', line] as const),
})

/** Nothing of a token may stand in an answer: not the whole, not its payload, not its signature. */
function expectNoEcho(answer: { headers: object; body: string }, token: string): void {
  const text = JSON.stringify([answer.headers, answer.body])
  for (const part of [token, ...token.split('.')]) {
    if (part.length > 20) expect(text).not.toContain(part)
  }
}

describe('SUB-1 W50 a token offered as a subprotocol', () => {
  it.each([
    ['first', (token: string) => `bearer.${token}, sallyport.v1`],
    ['last', (token: string) => `sallyport.v1, bearer.${token}`],
    ['without a blank', (token: string) => `sallyport.v1,bearer.${token}`],
    ['among unknown protocols', (token: string) => `chat, sallyport.v1, bearer.${token}, soap`],
    ['with blanks and tabs around', (token: string) => ` sallyport.v1 \t,\t bearer.${token} `],
  ])('SUB-1 %s opens: the real protocol is selected, the token goes nowhere', async (_name, list) => {
    const answer = await gate.upgrade(offer(list(alice.token)))
    expect([answer.status, answer.headers['sec-websocket-protocol']]).toEqual([101, 'sallyport.v1'])
    expectNoEcho(answer, alice.token)
    const received = answer.reached[0]?.rawHeaders ?? []
    expect(received[received.indexOf('Sec-WebSocket-Protocol') + 1]).toBe('sallyport.v1')
    expect(received.filter((text) => text === 'Sec-WebSocket-Protocol')).toHaveLength(1)
    expect(JSON.stringify(received)).not.toContain(alice.token)
  })

  it.each([
    ['alone', (token: string) => [`bearer.${token}`], [400]],
    ['beside unknown protocols only', (token: string) => [`bearer.${token}, chat`], [400]],
    ['beside ours in another case', (token: string) => [`bearer.${token}, SALLYPORT.V1`], [400]],
    ['beside a later version of ours', (token: string) => [`bearer.${token}, sallyport.v2`], [400]],
    ['beside a longer name', (token: string) => [`bearer.${token}, sallyport.v1.evil`], [400]],
    [
      'with another one',
      (token: string) => [`sallyport.v1, bearer.${token}, bearer.${other}`],
      [400],
    ],
    ['with a bad one', (token: string) => [`sallyport.v1, bearer.${token}, bearer.x.y.z`], [400]],
    [
      'with a ticket',
      (token: string) => [`sallyport.v1, bearer.${token}, ticket.${'A'.repeat(43)}`],
      [400],
    ],
    ['as a ticket', (token: string) => [`sallyport.v1, ticket.${token}`], [401]],
    ['twice', (token: string) => [`sallyport.v1, bearer.${token}, bearer.${token}`], [400]],
    ['with ours twice', (token: string) => [`sallyport.v1, sallyport.v1, bearer.${token}`], [400]],
    ['in a line of its own', (token: string) => ['sallyport.v1', `bearer.${token}`], [400]],
    ['with padding', (token: string) => [`sallyport.v1, bearer.${token}=`], [400]],
    ['with a slash', (token: string) => [`sallyport.v1, bearer.${token}/`], [400]],
    ['in quotes', (token: string) => [`sallyport.v1, "bearer.${token}"`], [400]],
    ['with a blank inside', (token: string) => [`sallyport.v1, bearer. ${token}`], [400]],
    ['with a parameter', (token: string) => [`sallyport.v1, bearer.${token};q=1`], [400]],
    ['without a comma', (token: string) => [`sallyport.v1 bearer.${token}`], [400]],
    ['before an empty entry', (token: string) => [`sallyport.v1, bearer.${token},`], [400]],
    ['after an empty entry', (token: string) => [`, sallyport.v1, bearer.${token}`], [400]],
    ['under another prefix', (token: string) => [`sallyport.v1, Bearer.${token}`], [400, 401]],
    ['under no prefix', (token: string) => [`sallyport.v1, ${token}`], [400, 401]],
    ['with the prefix twice', (token: string) => [`sallyport.v1, bearer.bearer.${token}`], [401]],
    ['cut to nothing', () => ['sallyport.v1, bearer.'], [400, 401]],
    ['cut to dots', () => ['sallyport.v1, bearer...'], [400, 401]],
    [
      'percent-encoded',
      (token: string) => [`sallyport.v1, bearer.${token.replaceAll('.', '%2e')}`],
      [401],
    ],
    [
      'as the seventeenth entry',
      (token: string) => [
        `sallyport.v1, ${Array.from({ length: 15 }, (_, index) => `p${index}`).join()}, bearer.${token}`,
      ],
      [400],
    ],
  ] as const)('W50 %s is refused and not echoed', async (_name, lines, statuses) => {
    const answer = await gate.upgrade(offer(...lines(alice.token)))
    expect(statuses).toContain(answer.status)
    expect([answer.by, answer.reached.length]).toEqual(['service', 0])
    expect(answer.headers).not.toHaveProperty('sec-websocket-protocol')
    expectNoEcho(answer, alice.token)
  })

  it('AUT-2 beside another token in Authorization is refused, in whichever place the good one stands', async () => {
    for (const [header, offered] of [
      [alice.token, other],
      [alice.token, 'x.y.z'],
      ['x.y.z', alice.token],
    ]) {
      const { headers } = offer(`sallyport.v1, bearer.${offered}`)
      const answer = await gate.upgrade({
        headers: [['Authorization', `Bearer ${header}`], ...headers],
      })
      expect([answer.status, answer.by, answer.reached.length]).toEqual([400, 'service', 0])
      expectNoEcho(answer, alice.token)
    }
  })

  it('SUB-1 selects nothing when the token is bad, and does not echo it', async () => {
    const bad = forge(alice.token)
    const answer = await gate.upgrade(offer(`sallyport.v1, bearer.${bad}`))
    expect(answer.status).toBe(401)
    expect(answer.headers).not.toHaveProperty('sec-websocket-protocol')
    expectNoEcho(answer, bad)
  })

  it('SUB-2 a valid token of 6 kB passes whole; one that does not fit is refused, never cut', async () => {
    const padded = (length: number) => resign(stack, alice.token, { pad: 'a'.repeat(length) })
    const long = await gate.upgrade(offer(`sallyport.v1, bearer.${padded(4400)}`))
    expect(long.status).toBe(101)
    for (const length of [6600, 9000, 20_000]) {
      const token = padded(length)
      const answer = await gate.upgrade(offer(`sallyport.v1, bearer.${token}`))
      expect([400, 401, 431]).toContain(answer.status)
      expect(answer.reached).toEqual([])
      expectNoEcho(answer, token)
    }
  })

  it('SUB-2 a token cut at any length is refused', async () => {
    for (const length of [1, 20, alice.token.length - 1]) {
      const answer = await gate.upgrade(
        offer(`sallyport.v1, bearer.${alice.token.slice(0, length)}`),
      )
      expect([answer.status, answer.reached.length]).toEqual([401, 0])
    }
  })
})

describe('W50 an offer without a credential', () => {
  it.each([
    ['an empty header', [''], [400]],
    ['a blank header', ['  '], [400]],
    ['commas', [', , ,'], [400]],
    ['an unknown protocol', ['chat'], [400]],
    ['=', ['='], [400]],
    ['a line of 9 kB', [`sallyport.v1, ${'a'.repeat(9000)}`], [400, 431]],
  ])('W50 %s, with a valid cookie, is refused', async (_name, lines, statuses) => {
    const { headers } = offer(...lines)
    const answer = await gate.upgrade({ headers: [['Cookie', alice.cookie], ...headers] })
    expect(statuses).toContain(answer.status)
    expect(answer.reached).toEqual([])
  })

  it('W50 none at all, with a cookie, opens without a selection', async () => {
    const answer = await gate.upgrade({ headers: [['Cookie', alice.cookie]] })
    expect(answer.status).toBe(101)
    expect(answer.headers).not.toHaveProperty('sec-websocket-protocol')
  })
})
