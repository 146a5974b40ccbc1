// A gateway client between a clock, sockets and a source of tokens that the test moves.

import { createGatewayClient } from '../gateway-client/client.ts'
import type { TokenRequest } from '../gateway-client/token-source.ts'
import { createFakeClock, createFakeSockets, settle, welcome } from './fake-surroundings.ts'

type Answer = string | undefined | Error

/** A client whose phases and questions are noted, and what moves it. */
export function createClientWorld() {
  const clock = createFakeClock()
  const sockets = createFakeSockets()
  const requests: TokenRequest[] = []
  let answer: (request: TokenRequest) => Answer | Promise<Answer> = () => 'token-1'
  const client = createGatewayClient({
    url: 'wss://gate.example/ws',
    getToken: async (request) => {
      requests.push(request)
      const given = await answer(request)
      if (given instanceof Error) throw given
      return given
    },
    createSocket: sockets.createSocket,
    setTimer: clock.setTimer,
    now: clock.now,
    random: () => 0.5,
  })
  const phases: string[] = []
  client.subscribe(() => phases.push(client.getState().phase))
  const connected = async () => {
    client.connect()
    await settle()
    sockets.last().say(welcome())
  }
  const answerWith = (given: typeof answer) => {
    answer = given
  }
  const reasons = () => requests.map(({ reason }) => reason)
  return { clock, sockets, requests, client, phases, connected, answerWith, reasons }
}
