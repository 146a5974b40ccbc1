// RX.3: a socket that came by the token cookie goes on by the cookie's next token, and then ends with that one.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { revoke } from '../support/admin.ts'
import { type Answer, login, publicUrl, request } from '../support/http.ts'
import { openSocket } from '../support/socket.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { claimsOf } from '../support/tokens.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ SIDECAR_CREDENTIAL_WAYS: 'session-cookie,token-cookie' })
})
afterAll(() => stack?.stop())

function tokenCookieOf({ headers }: Answer) {
  const setCookie = headers['set-cookie']?.find((each) => each.startsWith('auth_token='))
  const compact = /^auth_token=([^;]+)/.exec(setCookie ?? '')?.[1] ?? ''
  const { iss: issuer, jti: tokenId, exp } = claimsOf(compact)
  return { cookie: `auth_token=${compact}`, names: { issuer, tokenId }, exp: Number(exp) }
}

/** Refreshes until the token is of a later second than `token`: within one, all end at the same time. */
async function refreshBeyond(token: { readonly exp: number }, cookie: string) {
  for (;;) {
    const answer = await request(publicUrl(stack, '/auth/refresh'), {
      method: 'POST',
      headers: { cookie, origin: stack.endpoints.public },
    })
    expect(answer.status).toBe(200)
    const next = tokenCookieOf(answer)
    if (next.exp > token.exp) return next
  }
}

describe('a socket that came by the token cookie', () => {
  it('R3.7 RX.3 ends with the token that a refresh over HTTP put it on, and not with the one before', async () => {
    const { answer, cookie } = await login(stack)
    const first = tokenCookieOf(answer)
    const socket = await openSocket(stack, { cookie: first.cookie })
    await socket.message('welcome')
    const second = await refreshBeyond(first, cookie)
    await socket.message('auth.ok')
    await revoke(stack, first.names)
    socket.send({ type: 'subscribe', id: 'on', data: { channel: 'room:on' } })
    await socket.message('subscribed', (message) => message.id === 'on')
    await revoke(stack, second.names)
    expect((await socket.closed).code).toBe(4401)
  })
})
