// A load process: logins in many lanes, each from an address of its own, hashed by the sidecar like any.

import { Agent, request } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { clientOptions } from '../tls-identity.ts'
import { answerOrders } from './answer-orders.ts'
import type { LoadResult, LoginOrder } from './load-protocol.ts'
import { createTally } from './tally.ts'

/** What a lane does that is told to come back later: soon, so that all places in the queue stay taken. */
const pauseMs = 100

answerOrders(run)

async function run(order: LoginOrder): Promise<LoadResult> {
  const agent = new Agent({ ...clientOptions(order.tls), keepAlive: true, maxSockets: order.lanes })
  const tally = createTally()
  const endsAtMs = performance.now() + order.durationMs
  const lane = async (_: undefined, index: number) => {
    while (performance.now() < endsAtMs) {
      const sentAtMs = performance.now()
      const status = await logIn(order, agent, `192.0.2.${1 + index}`)
      const isRight = status === 200 || isLater(status)
      tally.count(sentAtMs, isRight ? undefined : `login: ${status}`)
      if (isLater(status)) await pause(pauseMs)
    }
  }
  await Promise.all(Array.from({ length: order.lanes }, () => undefined).map(lane))
  agent.destroy()
  return tally.result()
}

function isLater(status: number | undefined): boolean {
  return status === 429 || status === 503
}

function logIn(
  { port, origin, user }: LoginOrder,
  agent: Agent,
  address: string,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const login = request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: '/auth/login',
      agent,
      headers: { 'content-type': 'application/json', origin, 'x-forwarded-for': address },
    })
    login.on('error', reject)
    login.on('response', (response) => {
      response.on('end', () => resolve(response.statusCode)).resume()
    })
    login.end(JSON.stringify({ username: user.username, password: user.password }))
  })
}
