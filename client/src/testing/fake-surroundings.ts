// What the client's tests stand on: a clock that is moved by hand, and sockets whose server is the test.

import type { ServerMessage, Welcome } from '@sallyport/contracts/messages/server-message'
import type { CreateSocket, SocketHandlers } from '../gateway-client/lifeline.ts'
import type { SetTimer } from '../gateway-client/timer.ts'

/** A clock whose timers fire inside `advance`, in order. */
export function createFakeClock() {
  let nowMs = 0
  let timers: { readonly atMs: number; readonly fire: () => void }[] = []
  const setTimer: SetTimer = (callback, delayMs) => {
    const timer = { atMs: nowMs + delayMs, fire: callback }
    timers.push(timer)
    return () => {
      timers = timers.filter((other) => other !== timer)
    }
  }
  return {
    setTimer,
    now: () => nowMs,
    pending: () => timers.length,
    /** Moves the clock while nothing fires, as a page that is frozen. */
    sleep(forMs: number) {
      nowMs += forMs
    },
    /** Moves the clock and lets everything that falls due, and promises, run. */
    async advance(byMs: number) {
      const untilMs = nowMs + byMs
      for (;;) {
        await settle()
        const due = timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
        if (!due) break
        timers = timers.filter((other) => other !== due)
        nowMs = Math.max(nowMs, due.atMs)
        due.fire()
      }
      nowMs = untilMs
    },
  }
}

/** Lets promises that are already settled run their continuations. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

/** A socket as its server sees it. */
type FakeSocket = {
  readonly url: string
  readonly protocols: readonly string[]
  readonly received: unknown[]
  isClosedByClient: boolean
  readonly say: (message: ServerMessage) => void
  readonly sayText: (data: unknown) => void
  readonly close: (code: number) => void
}

/** Sockets in the order they were opened. */
export function createFakeSockets() {
  const opened: FakeSocket[] = []
  const createSocket: CreateSocket = (url, protocols, handlers) => {
    const socket = describeSocket(url, protocols, handlers)
    opened.push(socket)
    return {
      send: (text) => socket.received.push(JSON.parse(text)),
      close: () => {
        socket.isClosedByClient = true
      },
    }
  }
  const last = () => {
    const socket = opened.at(-1)
    if (!socket) throw new Error('no socket was opened')
    return socket
  }
  return { createSocket, opened, last }
}

function describeSocket(
  url: string,
  protocols: readonly string[],
  handlers: SocketHandlers,
): FakeSocket {
  return {
    url,
    protocols,
    received: [],
    isClosedByClient: false,
    say: (message) => handlers.onMessage(JSON.stringify(message)),
    sayText: handlers.onMessage,
    close: handlers.onClose,
  }
}

/** A `welcome` with sound numbers. */
export function welcome(connectionId = 'c1', changes: Partial<Welcome> = {}): ServerMessage {
  const data: Welcome = {
    connectionId,
    sessionId: 's1',
    userId: 'alice',
    ttlMs: 600_000,
    refreshAfterMs: 500_000,
    heartbeatMs: 25_000,
    retry: { minMs: 500, maxMs: 30_000 },
    limits: { maxMessageBytes: 65_536, maxChannels: 50, messagesPerSecond: 20 },
    serverTime: '2030-01-01T00:00:00.000Z',
    ...changes,
  }
  return { type: 'welcome', data }
}
