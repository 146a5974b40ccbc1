// `make rotate` as somebody runs it beside a system, and the load that must not notice it.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type Login, login, publicUrl, request } from './http.ts'
import { type Pair, pairsOf } from './pairs.ts'
import { openSocket, type TestSocket } from './socket.ts'
import { root, withoutMode } from './stack.ts'

export type Rotation = { readonly code: number | null; readonly output: string }

/** Runs the launcher's command on the system's state folder. */
export function rotate(
  { stateFolder }: Pick<Pair, 'stateFolder'>,
  ...words: readonly string[]
): Promise<Rotation> {
  const child = spawn(process.execPath, [join(root, 'launcher/src/main.ts'), 'rotate', ...words], {
    cwd: root,
    env: { ...withoutMode(process.env), NO_COLOR: '1', SALLYPORT_STATE: stateFolder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
}

export type Load = {
  /** Handshakes made so far. */
  readonly handshakes: () => number
  /** Ends it and says what went wrong: nothing, if all is well. */
  readonly end: () => Promise<{ readonly lost: number; readonly refusals: readonly string[] }>
}

/** Of each credential and pair; together with one more they stay below the limits of a session. */
const liveSockets = 4

/**
 * Opens sockets at every pair, and goes on making handshakes there: with the cookie, with a token from before, and with
 * one that was issued just now.
 */
export async function startLoad(stack: Pair): Promise<Load> {
  const refusals: string[] = []
  let handshakes = 0
  let isEnding = false
  const live: TestSocket[] = []

  async function shake(pair: Pair, options: Parameters<typeof openSocket>[1], how: string) {
    try {
      const socket = await openSocket(pair, options)
      await socket.message('welcome')
      socket.close()
    } catch (error) {
      refusals.push(`${how}: ${(error as Error).message}`)
    }
    handshakes += 1
  }

  async function shakeOn(pair: Pair, session: Login): Promise<void> {
    while (!isEnding) {
      await shake(pair, { cookie: session.cookie }, 'by cookie')
      await shake(pair, { token: session.token }, 'by a token from before')
      await renewed(pair, session).then(
        (token) => shake(pair, { token }, 'by a new token'),
        (error: Error) => refusals.push(`renewal: ${error.message}`),
      )
    }
  }

  const loops: Promise<void>[] = []
  for (const pair of pairsOf(stack)) {
    const [standing, moving] = [await login(pair), await login(pair, 'bob')]
    for (let count = 0; count < liveSockets; count += 1) {
      live.push(await openSocket(pair, { cookie: standing.cookie }))
      live.push(await openSocket(pair, { token: standing.token }))
    }
    loops.push(shakeOn(pair, moving))
  }
  await Promise.all(live.map((socket) => socket.message('welcome')))
  return {
    handshakes: () => handshakes,
    async end() {
      isEnding = true
      await Promise.all(loops)
      const answered = await Promise.all(live.map(answers))
      for (const socket of live) socket.close()
      return { lost: answered.filter((isAlive) => !isAlive).length, refusals }
    },
  }
}

/** A token that the sidecar has issued just now. */
export async function renewed(pair: Pair, { cookie }: Pick<Login, 'cookie'>): Promise<string> {
  const answer = await request(publicUrl(pair, '/auth/session'), {
    headers: { cookie, 'sec-fetch-site': 'same-origin' },
  })
  if (answer.status !== 200) throw new Error(`answered ${answer.status}`)
  return (JSON.parse(answer.body) as Login).token
}

/** True for a socket on which messages still go both ways. */
async function answers(socket: TestSocket): Promise<boolean> {
  const id = `alive-${performance.now()}`
  socket.send({ type: 'subscribe', id, data: { channel: 'room:alive' } })
  return socket
    .message('subscribed', (message) => message.id === id)
    .then(
      () => true,
      () => false,
    )
}
