// A well-behaved WebSocket client for tests: remembers everything, resolves when what is waited for has come.

import type { ServerMessage } from '@sallyport/contracts/messages/server-message'
import { WebSocket } from 'ws'
import { freshAddress } from './source-address.ts'
import type { Stack } from './stack.ts'

export type TestSocket = {
  readonly messages: readonly ServerMessage[]
  readonly send: (message: object) => void
  /** The first message, past or future, that fits. */
  readonly message: <Type extends ServerMessage['type']>(
    type: Type,
    fits?: (message: Extract<ServerMessage, { type: Type }>) => boolean,
  ) => Promise<Extract<ServerMessage, { type: Type }>>
  readonly closed: Promise<{
    readonly code: number
    readonly reason: string
    readonly atMs: number
  }>
  readonly close: () => void
  readonly terminate: () => void
}

export type SocketOptions = {
  readonly token?: string
  readonly authorization?: string
  readonly cookie?: string
  readonly origin?: string | undefined
  readonly from?: string
}

/** Opens a socket through Traefik; rejects with the status of a refusal. */
export async function openSocket(
  stack: Pick<Stack, 'endpoints'>,
  options: SocketOptions,
): Promise<TestSocket> {
  const url = stack.endpoints.public.replace('http', 'ws').replace('localhost', '127.0.0.1')
  const protocols = ['sallyport.v1', ...(options.token ? [`bearer.${options.token}`] : [])]
  const origin = 'origin' in options ? options.origin : stack.endpoints.public
  const socket = new WebSocket(`${url}/ws`, protocols, {
    localAddress: options.from ?? freshAddress(),
    headers: {
      ...(origin && { origin }),
      ...(options.cookie && { cookie: options.cookie }),
      ...(options.authorization && { authorization: options.authorization }),
    },
  })
  const messages: ServerMessage[] = []
  const waiting = new Set<() => void>()
  socket.on('message', (data: Buffer) => {
    messages.push(JSON.parse(data.toString()) as ServerMessage)
    for (const look of waiting) look()
  })
  const closed = new Promise<{ code: number; reason: string; atMs: number }>((resolve) => {
    socket.once('close', (code, reason) =>
      resolve({ code, reason: reason.toString(), atMs: performance.now() }),
    )
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
    socket.once('unexpected-response', (_request, response) =>
      reject(new Error(`refused with ${response.statusCode}`)),
    )
  })
  socket.on('error', () => {}) // reported by `closed`
  return {
    messages,
    closed,
    send: (message) => socket.send(JSON.stringify(message)),
    close: () => socket.close(),
    terminate: () => socket.terminate(),
    message(type, fits = () => true) {
      const find = () => messages.find((each) => each.type === type && fits(each as never))
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = find()
          if (!found) return
          waiting.delete(look)
          resolve(found as never)
        }
        waiting.add(look)
        void closed.then(({ code }) => reject(new Error(`closed with ${code} before "${type}"`)))
        look()
      })
    },
  }
}
