// A load process: one HTTP/2 connection as Traefik keeps one, subrequests at the pace that the order asks for.
// Runs one order at a time.

import { type ClientHttp2Session, connect } from 'node:http2'
import { clientOptions } from '../tls-identity.ts'
import { answerOrders } from './answer-orders.ts'
import type { LoadOrder, LoadResult } from './load-protocol.ts'
import { drive } from './pace.ts'
import { createAddresses, createSubrequests, type Subrequest } from './subrequests.ts'
import { createTally, type Tally } from './tally.ts'

const nextAddress = createAddresses()
answerOrders(run)

async function run(order: LoadOrder): Promise<LoadResult> {
  const next = createSubrequests(order, nextAddress)
  const session = connect(`https://127.0.0.1:${order.port}`, clientOptions(order.tls))
  const broken = new Promise<never>((_, reject) => session.on('error', reject))
  await Promise.race([broken, new Promise((resolve) => session.once('remoteSettings', resolve))])
  const tally = createTally()
  const ask = () => askOnce(session, next(), tally)
  await Promise.race([broken, drive(ask, order.pace)])
  session.close()
  return tally.result()
}

function askOnce(
  session: ClientHttp2Session,
  { headers, isGood }: Subrequest,
  tally: Tally,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const sentAtMs = performance.now()
    const stream = session.request(headers, { endStream: true })
    stream.on('error', reject)
    stream.on('response', (answer) => {
      const status = answer[':status']
      const isRight = isGood === (status === 200)
      tally.count(sentAtMs, isRight ? undefined : `${isGood ? 'good' : 'bad'} token: ${status}`)
      const assertion = answer['x-sallyport-identity']
      if (typeof assertion === 'string') tally.keep(assertion)
    })
    stream.on('close', resolve)
    stream.resume()
  })
}
