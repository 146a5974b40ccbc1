// The floor of verify: what no forward-auth answer over mutual TLS and HTTP/2 can do without. It listens as the
// sidecar does, answers headers of the same lengths and computes one HMAC over as many bytes; it decides nothing.
// Arguments: <TLS folder> <equal-work|bare> <a sample of the assertion>. Sends its port to the parent.

import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { createSecureServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { listenerOptions } from '../tls-identity.ts'

const [tlsFolder = '', kind = '', sample = ''] = process.argv.slice(2)

const server = createSecureServer({
  ...listenerOptions(tlsFolder),
  settings: { enableConnectProtocol: false },
})
const answer = kind === 'bare' ? answerBare : createEqualWork(sample)
server.on('stream', (stream) => {
  stream.on('error', () => {})
  answer(stream)
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit(0))

function answerBare(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200 }, { endStream: true })
}

/** Values differ from answer to answer, or HPACK would shrink them to one byte. */
function createEqualWork(assertion: string): (stream: ServerHttp2Stream) => void {
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
