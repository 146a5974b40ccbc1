// How a process of the run is asked whether it is ready. One connection a question: a kept one would hold up a server's
// stop.

import { request } from 'node:http'
import { type Addresses, readinessUrl, replicaOf } from '../endpoints.ts'
import { readRedisPassword } from '../redis/redis-files.ts'
import { answersRedis } from '../redis/redis-ready.ts'
import type { StatePaths } from '../state-folder.ts'
import type { Instance } from '../topology.ts'

const timeoutMs = 2000

/** Makes the question to one process; it may reject, which is a no. */
export function createReadiness(
  state: StatePaths,
  addresses: Addresses,
  instance: Instance,
): () => Promise<boolean> {
  const { service } = instance
  if (service === 'redis') {
    return async () => answersRedis(addresses.redis?.port ?? 0, readRedisPassword(state))
  }
  return () => answersOk(readinessUrl(replicaOf(addresses, instance), service))
}

/** True for a 200 within that time; false for any other answer, no answer, or no connection. */
export function answersOk(url: string, withinMs: number = timeoutMs): Promise<boolean> {
  return new Promise((resolve) => {
    // From the first to the last step: an answer that trickles in is none.
    const signal = AbortSignal.timeout(withinMs)
    const question = request(url, { agent: false, signal }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    question.once('error', () => resolve(false))
    question.once('close', () => resolve(false))
    question.end()
  })
}
