// What a floor server answers: nothing but 200, or headers of the same lengths as the sidecar's with one HMAC over
// as many bytes. Neither decides anything.

import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import type { ServerHttp2Stream } from 'node:http2'

export type Answer = (stream: ServerHttp2Stream) => void

/** 200 and nothing else. */
export const answerBare: Answer = (stream) => {
  stream.respond({ ':status': 200 }, { endStream: true })
}

/** Work that equals an answer with `assertion`. Values differ from answer to answer, or HPACK would shrink them. */
export function createEqualWork(assertion: string): Answer {
  const key = createSecretKey(randomBytes(32))
  const signed = assertion.slice(0, assertion.lastIndexOf('.'))
  const fixedLength = signed.indexOf('.') + 1
  const [before, after] = [signed.slice(0, fixedLength), signed.slice(fixedLength + 12)]
  const requestIdTail = '-0000-4000-8000-000000000000'
  let count = 0
  return (stream) => {
    count += 1
    const number = `${count}`
    const input = `${before}${number.padStart(12, 'A')}${after}`
    const digest = createHmac('sha256', key).update(input).digest('base64url')
    stream.respond(
      {
        ':status': 200,
        'x-sallyport-identity': `${input}.${digest}`,
        'x-sallyport-request-id': `${number.padStart(8, '0')}${requestIdTail}`,
        'sec-websocket-protocol': 'sallyport.v1',
      },
      { endStream: true },
    )
  }
}
