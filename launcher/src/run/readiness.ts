// Asks an address whether it answers 200. One connection a question: a kept one would hold up a server's stop.

import { request } from 'node:http'

const timeoutMs = 2000

/** True for a 200 within two seconds; false for any other answer, no answer, or no connection. */
export function answersOk(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const question = request(url, { agent: false, timeout: timeoutMs }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    question.once('timeout', () => question.destroy())
    question.once('error', () => resolve(false))
    question.once('close', () => resolve(false))
    question.end()
  })
}
