// Every spelling of an origin that is not the allowed one, on the upgrade, with each credential and without any.
// The sidecar refuses all of them; Traefik only those that are no header value.

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Gate, startGate } from '../../support/gate.ts'
import { type Login, login } from '../../support/http.ts'
import { rawUpgrade } from '../../support/raw-upgrade.ts'
import { readStack } from '../../support/stack.ts'

const stack = { ...readStack(inject('stateFolder')), output: () => '', stop: async () => {} }
const allowed = stack.endpoints.public
const { hostname, port, host } = new URL(allowed)
let gate: Gate
let alice: Login

beforeAll(async () => {
  gate = await startGate(stack)
  alice = await login(stack)
})
afterAll(() => gate?.close())

/** The header's bytes: what lies beyond ASCII goes out as UTF-8. */
const bytes = (text: string) => Buffer.from(text).toString('latin1')

const beforeEvil = '`_-,;!\'({*&+=~$|"<>^%[\\'
const hostile: readonly (readonly [id: string, origin: string])[] = [
  ['ORG-2', 'null'],
  ['ORG-2', 'NULL'],
  ['ORG-1', ''],
  ['ORG-1', '*'],
  ['ORG-1', allowed.toUpperCase()],
  ['ORG-1', `http://${hostname.toUpperCase()}:${port}`],
  ['ORG-1', `http://${hostname}`],
  ['ORG-1', `http://${hostname}:80`],
  ['ORG-1', `http://${hostname}:443`],
  ['ORG-1', `http://${hostname}:0${port}`],
  ['ORG-1', `http://${hostname}:${port}0`],
  ['ORG-1', `https://${host}`],
  ['ORG-1', `ws://${host}`],
  ['ORG-1', `wss://${host}`],
  ['ORG-1', `http://${hostname}.:${port}`],
  ['ORG-1', `${allowed}/`],
  ['ORG-1', `${allowed}/path`],
  ['ORG-1', `${allowed}?query`],
  ['ORG-1', `${allowed}#fragment`],
  ['ORG-1', `${allowed}.evil.example`],
  ['ORG-1', `http://${hostname}.evil.example:${port}`],
  ['ORG-1', `http://evil${host}`],
  ['ORG-6', `http://sub.${host}`],
  ['ORG-6', `http://evil.${host}`],
  ['ORG-1', `http://evil.example/${host}`],
  ['ORG-1', `http://evil.example?${allowed}`],
  ['ORG-1', `http://${hostname}@evil.example`],
  ['ORG-1', `http://${host}@evil.example`],
  ['ORG-1', `http://user:pw@${host}`],
  ['ORG-1', `http://user@${host}`],
  ['ORG-1', `http://127x0.0.1:${port}`],
  ['ORG-1', `http://127.0x0.1:${port}`],
  ['ORG-1', 'http://xn--lcalhost-8nf.example'],
  ['ORG-1', bytes(`http://l\u043ecalhost:${port}`)],
  ['ORG-1', bytes(`http://127\uff0e0\uff0e0\uff0e1:${port}`)],
  ['ORG-1', bytes(`http://127\u30020\u30020\u30021:${port}`)],
  ['ORG-1', `http://127%2e0%2e0%2e1:${port}`],
  ['ORG-1', `http://${hostname}%00.evil.example:${port}`],
  ['ORG-1', 'https://[::1]'],
  ['ORG-1', 'https://127.0.0.1'],
  ['ORG-1', `http://2130706433:${port}`],
  ['ORG-1', `http://0x7f.1:${port}`],
  ['ORG-1', `http://127.1:${port}`],
  ['ORG-1', `http://[0:0:0:0:0:0:0:1]:${port}`],
  ['ORG-1', `http://[::1%25lo]:${port}`],
  ['ORG-1', `http://[::ffff:127.0.0.1]:${port}`],
  ['ORG-1', 'chrome-extension://abcdefghijklmnopabcdefghijklmnop'],
  ['ORG-1', 'moz-extension://00000000-0000-0000-0000-000000000000'],
  ['ORG-1', 'file://'],
  ['ORG-1', 'data:'],
  ['ORG-1', `blob:${allowed}`],
  ['ORG-1', `about:${allowed}`],
  ['ORG-1', `${allowed}, https://evil.example`],
  ['ORG-1', `https://evil.example, ${allowed}`],
  ['ORG-1', `${allowed} https://evil.example`],
  ['ORG-1', `${allowed},`],
  ['ORG-1', `${allowed} ;`],
  ['ORG-1', `http:${host}`],
  ['ORG-1', `http:\\\\${host}`],
  ['ORG-1', `http:/${host}`],
  ['ORG-1', `http:///${host}`],
  ['ORG-1', `//${host}`],
  ['ORG-1', host],
  ['ORG-1', hostname],
  ['ORG-1', `"${allowed}"`],
  ['ORG-1', bytes(`\u00a0${allowed}`)],
  ['ORG-1', bytes(`\ufeff${allowed}`)],
  ['ORG-1', bytes(`${allowed}\u2028`)],
  ['ORG-1', `${allowed}${'/'.repeat(4000)}`],
  ['ORG-1', `http://${'a'.repeat(7000)}.example`],
  ...Array.from(beforeEvil).map(
    (character) => ['ORG-1', `http://${hostname}${character}.evil.example`] as const,
  ),
]

describe('an origin that is not exactly an allowed one', () => {
  it('ORG-1 is told apart from the allowed one: the control rows open', async () => {
    for (const line of [
      ['Cookie', alice.cookie],
      ['Authorization', `Bearer ${alice.token}`],
    ]) {
      const answer = await gate.upgrade({ headers: [line as [string, string]] })
      expect([answer.status, answer.reached.length]).toEqual([101, 1])
    }
  })

  it.each(
    hostile.map(([id, origin], index) => [id, index, origin.slice(0, 60), origin] as const),
  )('%s #%i %j is refused with 403 by the sidecar, whatever the credential', async (...row) => {
    const origin = row[3]
    const credentials = [
      [],
      [['Cookie', alice.cookie]],
      [['Authorization', `Bearer ${alice.token}`]],
      [['Sec-WebSocket-Protocol', `sallyport.v1, bearer.${alice.token}`]],
      [['Authorization', 'Bearer no.such.token']],
    ] as const
    const bodies = new Set<string>()
    for (const lines of credentials) {
      const answer = await gate.upgrade({ headers: [['Origin', origin], ...lines] })
      expect([answer.status, answer.by, answer.reached.length]).toEqual([403, 'service', 0])
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
      bodies.add(JSON.stringify({ ...JSON.parse(answer.body), requestId: '' }))
    }
    // One body for all of them: the origin is judged before any credential is read.
    expect(bodies.size).toBe(1)
  })

  it.each([
    ['the good one first', [allowed, 'https://evil.example']],
    ['the good one last', ['https://evil.example', allowed]],
    ['the good one twice', [allowed, allowed]],
    ['null first', ['null', allowed]],
  ])('W14 ORG-1 two Origin lines, %s, are refused', async (_name, origins) => {
    const answer = await gate.upgrade({
      headers: [...origins.map((origin) => ['Origin', origin] as const), ['Cookie', alice.cookie]],
    })
    expect([answer.status, answer.by, answer.reached.length]).toEqual([400, 'service', 0])
  })

  it.each([
    ['NUL', `${allowed}\0.evil.example`],
    ['a bare CR', `${allowed}\r.evil.example`],
    ['ESC', `${allowed}\x1b[31m`],
    ['DEL', `${allowed}\x7f`],
  ])('ORG-1 LOG-3 an origin with %s in it is refused by Traefik', async (_name, origin) => {
    const answer = await gate.upgrade({
      headers: [
        ['Origin', origin],
        ['Cookie', alice.cookie],
      ],
    })
    expect([answer.status, answer.by, answer.reached.length]).toEqual([400, 'traefik', 0])
  })

  it('ORG-1 CR LF in an origin begins another line, which the sidecar does not take for an origin', async () => {
    const origin = `https://evil.example\r\nX-Origin: ${allowed}`
    const answer = await gate.upgrade({
      headers: [
        ['Origin', origin],
        ['Cookie', alice.cookie],
      ],
    })
    expect([answer.status, answer.by, answer.reached.length]).toEqual([403, 'service', 0])
  })

  it('ORG-1 an origin of 16 kB is refused by Traefik with 431', async () => {
    const origin = `http://${'a'.repeat(16_000)}.example`
    const answer = await gate.upgrade({
      headers: [
        ['Origin', origin],
        ['Cookie', alice.cookie],
      ],
    })
    expect([answer.status, answer.reached.length]).toEqual([431, 0])
  })
})

describe('ORG-3 no origin at all', () => {
  it('ORG-3 with a cookie is refused with 403, also beside a token', async () => {
    for (const more of [[], [['Authorization', `Bearer ${alice.token}`] as const]]) {
      const headers = [['Cookie', alice.cookie] as const, ...more]
      const answer = await gate.upgrade({ without: ['Origin'], headers })
      expect([answer.status, answer.by, answer.reached.length]).toEqual([403, 'service', 0])
    }
  })

  it('ORG-3 with a token alone is let in, as the development run is set up to', async () => {
    const headers = [['Authorization', `Bearer ${alice.token}`] as const]
    const answer = await gate.upgrade({ without: ['Origin'], headers })
    expect([answer.status, answer.reached.length]).toEqual([101, 1])
  })

  it.each([
    ['Sec-WebSocket-Origin', {}],
    ['Referer', {}],
    ['X-Origin', {}],
    ['X-Forwarded-Origin', {}],
  ])('ORG-3 %s does not stand in for it', async (name) => {
    const answer = await gate.upgrade({
      without: ['Origin'],
      headers: [
        [name, allowed],
        ['Cookie', alice.cookie],
      ],
    })
    expect([answer.status, answer.reached.length]).toEqual([403, 0])
  })

  it('ORG-3 TRN-3 Sec-WebSocket-Origin of version 8 opens nothing', async () => {
    const answer = await gate.upgrade({
      without: ['Origin', 'Sec-WebSocket-Version'],
      headers: [
        ['Sec-WebSocket-Version', '8'],
        ['Sec-WebSocket-Origin', allowed],
        ['Cookie', alice.cookie],
      ],
    })
    expect([answer.status, answer.reached.length]).toEqual([426, 0])
  })

  it('W13 an Origin that Connection names away counts as none', async () => {
    const answer = await gate.upgrade({
      without: ['Connection'],
      headers: [
        ['Connection', 'Upgrade, Origin'],
        ['Origin', allowed],
        ['Cookie', alice.cookie],
      ],
    })
    expect([answer.status, answer.reached.length]).toEqual([403, 0])
  })
})

describe('ORG-4 W39 CORS on the socket path', () => {
  it('ORG-4 a preflight reaches no backend, and labels listed origins only', async () => {
    const preflight = (origin: string) =>
      gate.upgrade({
        method: 'OPTIONS',
        without: ['Upgrade', 'Connection'],
        headers: [
          ['Origin', origin],
          ['Access-Control-Request-Method', 'GET'],
          ['Connection', 'close'],
        ],
      })
    const ours = await preflight(allowed)
    expect(ours.headers['access-control-allow-origin']).toBe(allowed)
    for (const origin of ['https://evil.example', 'null', '*', `${allowed}.evil.example`]) {
      const theirs = await preflight(origin)
      expect(theirs.headers).not.toHaveProperty('access-control-allow-origin')
      expect(theirs.reached).toEqual([])
    }
    expect(ours.reached).toEqual([])
  })

  it('W39 an upgrade dressed as a preflight is no way around the question', async () => {
    const answer = await gate.upgrade({
      method: 'OPTIONS',
      headers: [['Access-Control-Request-Method', 'GET']],
    })
    expect(answer.status).not.toBe(101)
    expect(answer.reached).toEqual([])
  })

  it('ORG-1 the gate allows exactly its own addresses: every alternate opens', async () => {
    for (const origin of [allowed, ...stack.endpoints.publicAlternates]) {
      const answer = await rawUpgrade(gate, {
        without: ['Origin'],
        headers: [
          ['Origin', origin],
          ['Cookie', alice.cookie],
        ],
      })
      answer.socket.destroy()
      expect([origin, answer.status]).toEqual([origin, 101])
    }
  })
})
