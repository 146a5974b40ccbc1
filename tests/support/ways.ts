// Every way of carrying a token to the gate, behind one question: what became of it. A way knows what HTTP can carry
// and which refusals are its own; it does not know what is wrong with a token.

import { WebSocket } from 'ws'
import { type Gate, refuserOf, withOrigin } from './gate.ts'
import { type Answer, type Login, publicUrl, request } from './http.ts'
import { rawUpgrade } from './raw-upgrade.ts'
import { freshAddress } from './source-address.ts'
import type { Stack } from './stack.ts'

/** `code`: an HTTP status before there is a socket (101: opened), a close code after. */
export type Outcome = {
  readonly accepted: boolean
  readonly code: number
  /** The refusal's body or close reason, without what differs from one answer to the next. */
  readonly said: string
}

export type Way = {
  readonly name: string
  /** Which kind of token is presented here: that of a bearer, or that of the `auth_token` cookie. */
  readonly use: 'bearer' | 'cookie'
  /** False where HTTP itself would change or split the text. */
  readonly carries: (token: string) => boolean
  /** The codes that refuse this text; the first is the usual one. */
  readonly refusals: (token: string) => readonly number[]
  readonly present: (token: string) => Promise<Outcome>
}

/** Longer than this and Traefik answers 431 before anybody reads it. */
const maxHeaderLength = 8000

/** HTTP trims blanks around a value and ends it at a line break. */
const fitsIntoLine = (token: string) =>
  !['\r', '\n', '\0'].some((character) => token.includes(character)) && !/^[ \t]|[ \t]$/.test(token)
const isHttpToken = (text: string) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text)
const tooLong = (token: string) => (token.length > maxHeaderLength ? [431] : [])

/** Those that are one header of the handshake; `gate` has a backend that opens for all that reach it. */
export function headerWays(gate: () => Gate): Way[] {
  const send = async (name: string, value: string): Promise<Outcome> => {
    const bytes = Buffer.from(value).toString('latin1')
    const answer = await gate().upgrade({ headers: [[name, bytes]] })
    const accepted = answer.status === 101
    if (!accepted && answer.reached.length > 0) throw new Error('a refused one reached the backend')
    const said = refuserOf(answer) === 'service' ? withoutRequestId(answer.body) : ''
    return { accepted, code: answer.status, said }
  }
  return [
    {
      name: 'authorization',
      use: 'bearer',
      carries: fitsIntoLine,
      refusals: (token) => [401, ...tooLong(token)],
      present: (token) => send('Authorization', `Bearer ${token}`),
    },
    {
      name: 'subprotocol',
      use: 'bearer',
      // A comma ends the entry.
      carries: (token) => fitsIntoLine(token) && !token.includes(','),
      refusals: (token) =>
        isHttpToken(token) && token.length <= maxHeaderLength
          ? [401]
          : [400, 401, ...tooLong(token)],
      present: (token) => send('Sec-WebSocket-Protocol', `sallyport.v1, bearer.${token}`),
    },
    {
      name: 'token-cookie',
      use: 'cookie',
      carries: (token) => fitsIntoLine(token) && !token.includes(';'),
      refusals: (token) =>
        /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(token)
          ? [401, ...tooLong(token)]
          : [401, 400, ...tooLong(token)],
      present: (token) => send('Cookie', `auth_token=${token}`),
    },
  ]
}

/** The first message on a pending socket: needs a real backend behind the gate. */
export function firstMessageWay(stack: () => Pick<Stack, 'endpoints'>): Way {
  return {
    name: 'first-message',
    use: 'bearer',
    carries: () => true,
    refusals: (token) => {
      if (token.length > maxHeaderLength) return [4401, 4400, 1009]
      // What no token consists of makes the message another one; the sidecar is not even asked.
      return /^[\x21-\x7e]+$/.test(token) ? [4401] : [4400]
    },
    present: (token) => presentFirst(stack(), token),
  }
}

async function presentFirst(
  { endpoints }: Pick<Stack, 'endpoints'>,
  token: string,
): Promise<Outcome> {
  const url = endpoints.public.replace('http', 'ws').replace('localhost', '127.0.0.1')
  const socket = new WebSocket(`${url}/ws`, ['sallyport.v1.first-message'], {
    localAddress: freshAddress(),
    headers: { origin: endpoints.public },
  })
  const outcome = await new Promise<Outcome>((resolve) => {
    socket.on('open', () => socket.send(JSON.stringify({ type: 'authenticate', data: { token } })))
    socket.on('message', (data: Buffer) => {
      const { type } = JSON.parse(data.toString()) as { type: string }
      if (type === 'welcome') resolve({ accepted: true, code: 101, said: '' })
    })
    socket.on('unexpected-response', (_request, { statusCode = 0 }) =>
      resolve({ accepted: false, code: statusCode, said: '' }),
    )
    socket.on('error', () => {})
    socket.on('close', (code, reason) =>
      resolve({ accepted: false, code, said: reason.toString() }),
    )
  })
  socket.on('error', () => {})
  socket.terminate()
  return outcome
}

/** Asks for a ticket as a page does; `route` and origin are the defaults. */
export function requestTicket(
  stack: Pick<Stack, 'endpoints'>,
  { cookie }: Pick<Login, 'cookie'>,
): Promise<Answer> {
  return request(publicUrl(stack, '/auth/ticket'), {
    method: 'POST',
    headers: { cookie, origin: stack.endpoints.public, 'content-type': 'application/json' },
    body: '{}',
  })
}

/** Presents a text in the ticket's place. */
export async function presentTicket(
  gate: Pick<Stack, 'endpoints'>,
  origin: string,
  ticket: string,
): Promise<Outcome> {
  const headers = [['Sec-WebSocket-Protocol', `sallyport.v1, ticket.${ticket}`]] as const
  const answer = await rawUpgrade(gate, withOrigin({ headers }, origin))
  answer.socket.destroy()
  const accepted = answer.status === 101
  return { accepted, code: answer.status, said: accepted ? '' : withoutRequestId(answer.body) }
}

function withoutRequestId(body: string): string {
  return body.replace(/"requestId":"[^"]*"/, '"requestId":""')
}
