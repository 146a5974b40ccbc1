// The one place that writes a raw HTTP refusal on the socket of an upgrade.

import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Denial } from '@sallyport/contracts/denials'
import { problemAnswer } from '@sallyport/contracts/problem-document'

/** A peer that does not take its refusal is cut after this. */
const maxLingerMs = 1000

/** Writes the refusal and ends the socket. The socket may be gone already: then there is nobody to tell. */
export function refuseUpgrade(socket: Duplex, denial: Denial, requestId: string): void {
  const { status, headers, body } = problemAnswer(denial, requestId)
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  const linger = setTimeout(() => socket.destroy(), maxLingerMs)
  socket.once('close', () => clearTimeout(linger))
  socket.once('finish', () => socket.destroy())
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}
