// Asks a Redis whether it answers the sidecars. Speaks just enough of its protocol; one connection a question.

import { connect } from 'node:net'
import { redisPrefix, redisUser } from './redis-user.ts'

const timeoutMs = 2000

/**
 * True when it lets the sidecars' user in and has read its data; false for anything else, also when nobody listens.
 * Only a command on a key that this user may use tells both: what it has no right to, and what is not about data, is
 * answered while Redis is still reading.
 */
export function answersRedis(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const finish = (isReady: boolean) => {
      resolve(isReady)
      socket.destroy()
    }
    let answer = ''
    socket.setEncoding('utf8')
    socket.setTimeout(timeoutMs, () => finish(false))
    socket.once('error', () => finish(false))
    socket.once('close', () => finish(false))
    socket.once('connect', () => {
      socket.write(
        `${command('AUTH', redisUser, password)}${command('EXISTS', `${redisPrefix}:any`)}`,
      )
    })
    socket.on('data', (text: string) => {
      answer += text
      const [toAuth, toExists, rest] = answer.split('\r\n')
      if (rest === undefined) return
      finish(toAuth === '+OK' && toExists === ':0')
    })
  })
}

function command(...words: readonly string[]): string {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
  return `*${words.length}\r\n${parts.join('')}`
}
