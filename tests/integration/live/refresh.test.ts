// RX.3: a new token extends the open socket. A bad one changes nothing.

import { describe, expect, inject, it } from 'vitest'
import { revoke } from '../../support/admin.ts'
import { login, logout } from '../../support/http.ts'
import { hereAndThere } from '../../support/pairs.ts'
import { openSocket, type TestSocket } from '../../support/socket.ts'
import { readStack } from '../../support/stack.ts'
import { openWorkshop } from '../../support/token-workshop.ts'
import { claimsOf } from '../../support/tokens.ts'

const { here, there } = hereAndThere(readStack(inject('stateFolder')))

let count = 0
function refresh(socket: TestSocket, token: string): string {
  count += 1
  socket.send({ type: 'auth.refresh', id: `r${count}`, data: { token } })
  return `r${count}`
}

describe('refresh on the open socket', () => {
  it('R3.7 RX.3 goes on under a new token beyond the end of the old one', async () => {
    const session = await login(here)
    const workshop = openWorkshop(here, session.token)
    const short = workshop.signed({ claims: { exp: workshop.nowSeconds() + 3 } })
    const socket = await openSocket(there, { token: short })
    const witness = await openSocket(there, { token: short })
    await Promise.all([socket.message('welcome'), witness.message('welcome')])
    const id = refresh(socket, session.token)
    const { data } = await socket.message('auth.ok', (message) => message.id === id)
    expect(data.ttlMs).toBeGreaterThan(60_000)
    expect(data.lost).toEqual([])
    expect((await witness.closed).code).toBe(4401)
    socket.send({ type: 'subscribe', id: 'on', data: { channel: 'room:on' } })
    await socket.message('subscribed', (message) => message.id === 'on')
    socket.close()
  })

  it('W92 takes no token of somebody else, no older and no bad one, and lets the old authority go on', async () => {
    const [alice, bob] = [await login(here), await login(here, 'bob')]
    const workshop = openWorkshop(here, alice.token)
    const socket = await openSocket(there, { token: alice.token })
    await socket.message('welcome')
    const older = workshop.signed({ claims: { iat: workshop.nowSeconds() - 100 } })
    for (const token of [bob.token, older, workshop.forged(), 'nonsense']) {
      const id = refresh(socket, token)
      const error = await socket.message('error', (message) => message.id === id)
      expect(error.data.code).toBe('refresh-refused')
    }
    socket.send({ type: 'subscribe', id: 'still', data: { channel: 'room:still' } })
    await socket.message('subscribed', (message) => message.id === 'still')
    socket.close()
  })

  it('RX.3 SES-15 what was refreshed ends with the token and the session it rests on now', async () => {
    const session = await login(here)
    const workshop = openWorkshop(here, session.token)
    const renewed = workshop.signed()
    const [first, second] = await Promise.all([
      openSocket(there, { token: session.token }),
      openSocket(here, { token: session.token }),
    ])
    for (const socket of [first, second]) {
      await socket.message('welcome')
      const id = refresh(socket, renewed)
      await socket.message('auth.ok', (message) => message.id === id)
    }
    const { iss, jti } = claimsOf(session.token)
    await revoke(here, { tokenId: jti, issuer: iss })
    first.send({ type: 'subscribe', id: 'on', data: { channel: 'room:on' } })
    await first.message('subscribed', (message) => message.id === 'on')
    await revoke(here, { tokenId: claimsOf(renewed)['jti'], issuer: iss })
    expect((await first.closed).code).toBe(4401)
    expect((await second.closed).code).toBe(4401)
  })

  it('RX.3 goes on under another session of the same person, and then ends with that one', async () => {
    const [before, after] = [await login(here), await login(here)]
    const socket = await openSocket(there, { token: before.token })
    await socket.message('welcome')
    const id = refresh(socket, after.token)
    await socket.message('auth.ok', (message) => message.id === id)
    await logout(here, before)
    socket.send({ type: 'subscribe', id: 'on', data: { channel: 'room:on' } })
    await socket.message('subscribed', (message) => message.id === 'on')
    await logout(here, after)
    expect((await socket.closed).code).toBe(4410)
  })

  it('RX.3 leaves a socket that rests on its cookie as it is', async () => {
    const session = await login(here)
    const socket = await openSocket(there, { cookie: session.cookie })
    const { data: welcome } = await socket.message('welcome')
    const id = refresh(socket, session.token)
    const { data } = await socket.message('auth.ok', (message) => message.id === id)
    expect(data.ttlMs).toBeGreaterThan(welcome.ttlMs - 60_000)
    socket.close()
  })

  it('RX.11 answers the eleventh refresh within a minute with an error and stays open', async () => {
    const session = await login(here)
    const socket = await openSocket(there, { token: session.token })
    await socket.message('welcome')
    for (let round = 0; round < 10; round += 1) {
      const id = refresh(socket, session.token)
      await socket.message('auth.ok', (message) => message.id === id)
    }
    const id = refresh(socket, session.token)
    const error = await socket.message('error', (message) => message.id === id)
    expect(error.data.code).toBe('rate-limited')
    socket.close()
  })
})
