// Every hand-made token by every way there is: the same outcome, one answer for all causes, and no request of ours to
// anywhere a token points at (AUT-1, AUT-5).

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gate, startGate } from '../../support/gate.ts'
import { login } from '../../support/http.ts'
import { type Stack, startStack } from '../../support/stack.ts'
import { openWorkshop, type Workshop } from '../../support/token-workshop.ts'
import { firstMessageWay, headerWays, presentTicket } from '../../support/ways.ts'
import type { TokenAttack } from './token-attack.ts'
import { tokenAttacks } from './token-attacks.ts'

let stack: Stack
let gate: Gate
let listener: Server
let listenerUrl: string
let hits = 0
const workshops = new Map<'bearer' | 'cookie', Workshop>()

beforeAll(async () => {
  stack = await startStack({
    SIDECAR_CREDENTIAL_WAYS:
      'session-cookie,token-cookie,authorization,subprotocol,ticket,first-message',
  })
  gate = await startGate(stack)
  listener = createServer((_request, response) => {
    hits += 1
    response.end('{"keys":[]}')
  })
  await new Promise<void>((resolve) => {
    listener.listen(0, '127.0.0.1', resolve)
  })
  listenerUrl = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/jwks.json`
  const { token, answer } = await login(stack)
  workshops.set('bearer', openWorkshop(stack, token))
  const cookies = answer.headers['set-cookie'] ?? []
  const cookie = cookies.find((line) => line.startsWith('auth_token='))
  if (cookie) workshops.set('cookie', openWorkshop(stack, cookie.slice(11).split(';')[0] ?? ''))
})
afterAll(async () => {
  listener?.close()
  await gate?.close()
  await stack?.stop()
})

function workshop(use: 'bearer' | 'cookie'): Workshop {
  const found = workshops.get(use)
  if (!found) throw new Error(`sign-in gave no token for the use ${use}`)
  return found
}

const ways = [...headerWays(() => gate), firstMessageWay(() => stack)]
const outcomes = new Map<string, Map<string, string>>()
const title = ({ id, name }: TokenAttack) => `${id} ${name}`

describe.each(ways)('AUT-1 by the way $name', (way) => {
  const said = new Map<string, string>()
  const rows = tokenAttacks
    .filter(({ firstMessageOnly }) => !firstMessageOnly || way.name === 'first-message')
    .map((attack) => [title(attack), attack] as const)

  it('opens with an untouched token: the control row', async () => {
    const outcome = await way.present(workshop(way.use).signed())
    expect(outcome).toMatchObject({ accepted: true, code: 101 })
  })

  it.each(rows)('%s', async (name, attack) => {
    const token = attack.make(workshop(way.use), listenerUrl)
    // HTTP changes such a text on its way: what arrives is another token.
    if (!way.carries(token)) return expect(way.name).not.toBe('first-message')
    const outcome = await way.present(token)
    const summary = outcome.accepted ? 'accepted' : 'refused'
    outcomes.set(name, (outcomes.get(name) ?? new Map()).set(way.name, summary))
    if (attack.expected !== 'alike')
      expect([summary, outcome.code]).toEqual([attack.expected, outcome.code])
    if (outcome.accepted) return
    expect(way.refusals(token)).toContain(outcome.code)
    if (outcome.code === way.refusals('usual')[0]) said.set(outcome.said, name)
  })

  it('AUT-16 O7 says the same to every token it refuses', () => {
    expect([...said].slice(1)).toEqual([])
  })
})

describe('AUT-1 all ways together', () => {
  it('agree on every row', () => {
    const torn = [...outcomes].filter(([, byWay]) => new Set(byWay.values()).size > 1)
    expect(torn.map(([name, byWay]) => [name, ...byWay])).toEqual([])
    expect(outcomes.size).toBeGreaterThan(150)
  })

  it('J08 AUT-5 caused no request to anywhere', () => {
    expect(hits).toBe(0)
  })

  it('AUT-8 a token of one kind is refused in the place of the other', async () => {
    for (const way of ways) {
      const other = way.use === 'bearer' ? 'cookie' : 'bearer'
      const outcome = await way.present(workshop(other).signed())
      expect([way.name, outcome.accepted]).toEqual([way.name, false])
    }
  })

  it('AUT-8 TKT-3 no token passes as a ticket, whatever is right about it', async () => {
    const origin = stack.endpoints.public
    const { signed } = workshop('bearer')
    const said = new Set<string>()
    for (const text of [signed(), signed().slice(0, 43), 'A'.repeat(43), 'A'.repeat(42), 'x']) {
      const outcome = await presentTicket(gate, origin, text)
      expect([outcome.accepted, outcome.code]).toEqual([false, 401])
      said.add(outcome.said)
    }
    expect(said.size).toBe(1)
  })
})
