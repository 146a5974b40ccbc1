// SES-4 W86 through the whole system: a session that ends while its sockets are being opened leaves none behind.
// The steps inside are raced one by one, a thousand times each, beside the code.

import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, inject, it } from 'vitest'
import { connections } from '../../support/admin.ts'
import { login, logout } from '../../support/http.ts'
import { hereAndThere } from '../../support/pairs.ts'
import { openSocket, type TestSocket } from '../../support/socket.ts'
import { readStack } from '../../support/stack.ts'
import { until } from '../../support/until.ts'

const { here, there } = hereAndThere(readStack(inject('stateFolder')))
const rounds = 40

describe('a logout that races with handshakes', () => {
  it('SES-4 W86 RX.2 leaves no socket, whenever it comes', { timeout: 60_000 }, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const session = await login(round % 2 ? here : there)
      const opening = Array.from({ length: 6 }, async (_, index) => {
        await pause(index * 2)
        const credential = index % 2 ? { cookie: session.cookie } : { token: session.token }
        return openSocket(index % 3 ? here : there, credential).catch(() => undefined)
      })
      await pause((round % 10) * 2)
      const ended = logout(here, session)
      const opened = (await Promise.all(opening)).filter(
        (socket): socket is TestSocket => socket !== undefined,
      )
      expect((await ended).status).toBe(204)
      const closed = await Promise.all(opened.map((socket) => socket.closed))
      for (const { code } of closed) expect(code).toBe(4410)
      await until('no socket of the session to be left', async () => {
        const { connections: left } = await connections(there, `?sessionId=${session.sessionId}`)
        return left.length === 0
      })
    }
  })
})
