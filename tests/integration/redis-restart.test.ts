// SES-1, RX.12: a whole system over Redis is started again on what Redis has on disk, after a stop and after the death of
// Redis, which ends the run. Nobody is signed out by it, and nothing that was ended comes back: what a script wrote is a
// transaction there, and Redis reads those back with the rights of a user.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { revoke } from '../support/admin.ts'
import { login, logout, publicUrl, request } from '../support/http.ts'
import { openSocket, type SocketOptions } from '../support/socket.ts'
import { type StartedStack, startStack } from '../support/stack.ts'
import { claimsOf } from '../support/tokens.ts'

const environment = { STATE: 'redis', WS_RATE_LIMIT: '1000' }

let stack: StartedStack
beforeAll(async () => {
  stack = await startStack(environment)
})
afterAll(() => stack?.stop())

const isLetIn = (credential: SocketOptions) =>
  openSocket(stack, credential).then(
    async (socket) => {
      await socket.message('welcome')
      socket.close()
      return 101
    },
    (error: Error) => Number(/refused with (\d+)/.exec(error.message)?.[1]),
  )

const sessionStatus = async (cookie: string) => {
  const headers = { cookie, 'sec-fetch-site': 'same-origin' }
  return (await request(publicUrl(stack, '/auth/session'), { headers })).status
}

it(
  'SES-1 RX.12 a restart of Redis ends nothing and brings nothing back',
  { timeout: 120_000 },
  async () => {
    const [kept, loggedOut, withToken] = [
      await login(stack),
      await login(stack),
      await login(stack),
    ]
    const bob = await login(stack, 'bob')
    await revoke(stack, { tokenId: claimsOf(withToken.token)['jti'] })
    expect((await logout(stack, loggedOut)).status).toBe(204)
    const judge = async () => ({
      'the revoked token': await isLetIn({ token: withToken.token }),
      'its session': await isLetIn({ cookie: withToken.cookie }),
      'the session that was logged out': await isLetIn({ cookie: loggedOut.cookie }),
      'its token': await isLetIn({ token: loggedOut.token }),
      'the other session': await isLetIn({ cookie: kept.cookie }),
      'its token, too': await isLetIn({ token: kept.token }),
      'somebody else': await isLetIn({ cookie: bob.cookie }),
    })
    const before = await judge()
    expect(before).toEqual({
      'the revoked token': 401,
      'its session': 101,
      'the session that was logged out': 401,
      'its token': 401,
      'the other session': 101,
      'its token, too': 101,
      'somebody else': 101,
    })

    await stack.halt()
    stack = await startStack(environment, stack)
    expect(await judge()).toEqual(before)

    process.kill(stack.endpoints.pids['redis'] ?? 0, 'SIGKILL')
    await stack.halt()
    stack = await startStack(environment, stack)
    expect(await judge()).toEqual(before)
    expect(await sessionStatus(loggedOut.cookie)).toBe(401)
    expect(await sessionStatus(kept.cookie)).toBe(200)
  },
)
