// W87: clients that do not cooperate. Once a logout is answered every backend has marked their sockets: nothing that
// they send is handled any more, and their TCP connection is gone within a second.

import type { Duplex } from 'node:stream'
import type { ServerMessage } from '@sallyport/contracts/messages/server-message'
import { describe, expect, inject, it } from 'vitest'
import { connections } from '../../support/admin.ts'
import { maskedText } from '../../support/frames.ts'
import { type Login, login, logout } from '../../support/http.ts'
import { hereAndThere } from '../../support/pairs.ts'
import { rawUpgrade } from '../../support/raw-upgrade.ts'
import { openSocket, type TestSocket } from '../../support/socket.ts'
import { readStack } from '../../support/stack.ts'
import { until } from '../../support/until.ts'

const { here, there } = hereAndThere(readStack(inject('stateFolder')))

const say = (channel: string, text: string) =>
  maskedText(JSON.stringify({ type: 'publish', data: { channel, data: { text } } }))

/** How a client behaves once it was logged out; returns what stops it. */
const behaviours: Readonly<Record<string, (socket: Duplex, frame: () => Buffer) => () => void>> = {
  'ignores the close frame': () => () => {},
  floods: (socket, frame) => {
    const timer = setInterval(() => {
      for (let each = 0; each < 20 && socket.writable; each += 1) socket.write(frame())
    }, 1)
    return () => clearInterval(timer)
  },
  'sends half a frame and waits': (socket, frame) => {
    socket.write(frame().subarray(0, 20))
    return () => {}
  },
  'sends its frames byte by byte': (socket, frame) => {
    let rest = frame()
    const timer = setInterval(() => {
      if (!socket.writable) return
      socket.write(rest.subarray(0, 1))
      rest = rest.length > 1 ? rest.subarray(1) : frame()
    }, 1)
    return () => clearInterval(timer)
  },
}

describe('a hostile client that was logged out', () => {
  for (const [name, behave] of Object.entries(behaviours)) {
    it(`SES-2 W87 RX.1 ${name}: nothing is handled, and it is gone within a second`, async () => {
      const channel = `room:hostile-${name.replaceAll(' ', '-')}`
      const [alice, bob] = await Promise.all([login(here), login(here, 'bob')])
      const listeners = await listenAtEveryNode(bob, channel)
      const { status, socket } = await rawUpgrade(there, { headers: [['Cookie', alice.cookie]] })
      expect(status).toBe(101)
      socket.on('error', () => {})
      const gone = new Promise<number>((resolve) => {
        socket.once('close', () => resolve(performance.now()))
      })
      socket.resume()
      socket.write(say(channel, 'before'))
      const isBefore = (each: ServerMessage) => textOf(each) === 'before'
      await Promise.race(listeners.map((each) => each.message('event', isBefore)))
      let isAnswered = false
      const stop = behave(socket, () => say(channel, isAnswered ? 'late' : 'early'))
      await logout(here, alice)
      isAnswered = true
      const answeredAtMs = performance.now()
      const lateMs = (await gone) - answeredAtMs
      stop()
      expect(lateMs).toBeLessThan(2500) // one second of grace, and room for a busy machine
      for (const listener of listeners) {
        listener.send({ type: 'publish', id: 'last', data: { channel, data: { text: 'last' } } })
        await listener.message('ack', ({ id }) => id === 'last')
        expect(listener.messages.filter((each) => textOf(each) === 'late')).toEqual([])
        listener.close()
      }
    })
  }
})

/** Rooms are of one node: somebody has to listen at each. */
async function listenAtEveryNode(bob: Login, channel: string): Promise<readonly TestSocket[]> {
  const listeners: TestSocket[] = []
  await until('a listener at every node', async () => {
    const socket = await openSocket(there, { cookie: bob.cookie })
    socket.send({ type: 'subscribe', id: 's', data: { channel } })
    await socket.message('subscribed')
    listeners.push(socket)
    const { nodes, connections: listed } = await connections(here, `?sessionId=${bob.sessionId}`)
    return nodes.every(({ node }) => listed.some((each) => each['node'] === node))
  })
  return listeners
}

function textOf(message: ServerMessage): unknown {
  return message.type === 'event' ? message.data.data['text'] : undefined
}
