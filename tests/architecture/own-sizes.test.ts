// LIM-8: what the gate itself gives a browser to carry – cookies, tokens – and what it tells a backend stays far below
// its own bounds, so that nobody is locked out by having signed in.

import { maxHeaderSize } from 'node:http'
import { maxIdentityBytes } from '@sallyport/contracts/identity-schema'
import { maxTokenLength } from '@sallyport/contracts/token-bounds'
import { describe, expect, it } from 'vitest'
import { login } from '../../auth-sidecar/src/login/login.ts'
import {
  createApiFixture,
  requestOf,
  routeOf,
} from '../../auth-sidecar/src/login/testing/api-fixture.ts'
import { readStaticConfig } from './traefik-files.ts'

const headerBounds = Object.values(readStaticConfig().entryPoints).map(
  ({ http }) => http.maxHeaderBytes ?? 0,
)
/** Where a browser gives up on one cookie: name and value (RFC 6265bis 5.6). */
const cookieBytes = 4096

/** The longest user whose names the users file takes, in the letters that take most bytes. */
const longest = { id: '~'.repeat(256), username: '\u{1F511}'.repeat(128) }

/** The longest that a sign-in takes, in what takes most bytes as JSON. */
const longestDevice = { clientId: '\u0001'.repeat(128), deviceType: '\u0001'.repeat(64) }

async function signIn(user: { id: string; username: string }, deviceInfo?: object) {
  const { deps } = await createApiFixture({
    routes: [routeOf({ ways: ['session-cookie', 'token-cookie'] })],
  })
  const users = [{ ...user, groups: ['staff', 'on-call'], passwordHash: 'hash' }]
  const body = { username: user.username, password: 'right', deviceInfo }
  const { outcome, setCookies = [] } = await login(requestOf({ body }), {
    ...deps,
    users: () => users,
  })
  if (!outcome.ok) throw new Error(outcome.error.reason)
  const pairs = setCookies.map((cookie) => cookie.split(';')[0] ?? '')
  return { answer: outcome.value as { token: string }, pairs }
}

describe('what a sign-in gives a browser to carry', () => {
  it.each([
    ['of the demo', { id: 'alice', username: 'alice' }, undefined, 4],
    ['with the longest names', longest, undefined, 2],
    ['with the longest names and device', longest, longestDevice, 1],
  ])('LIM-8 to a user %s fits into the headers that are read, with room to spare', async (_name, user, device, times) => {
    const { answer, pairs } = await signIn(user, device)
    expect(pairs).toHaveLength(4)
    const whole = Buffer.byteLength(`Cookie: ${pairs.join('; ')}`)
    for (const bound of headerBounds) expect(whole * times).toBeLessThan(bound)
    for (const pair of pairs) expect(Buffer.byteLength(pair)).toBeLessThan(cookieBytes)
    expect(answer.token.length * times).toBeLessThan(maxTokenLength)
    const inSubprotocol = `Sec-WebSocket-Protocol: sallyport.v1, bearer.${answer.token}`
    const both = Buffer.byteLength(inSubprotocol) + whole
    for (const bound of headerBounds) expect(both).toBeLessThan(bound)
  })
})

describe('what the gate tells a backend', () => {
  it('LIM-8 leaves room for the longest headers of a client beside the longest identity', () => {
    const signatureAndHeader = 512
    const assertion = Math.ceil((maxIdentityBytes * 4) / 3) + signatureAndHeader
    for (const bound of headerBounds) expect(bound + assertion).toBeLessThan(maxHeaderSize)
  })
})
