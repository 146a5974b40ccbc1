// One question of a backend: a body within its bound in, JSON or a status out. Which questions there are, and what an
// answer rests on, is not its business.

import { constants, type ServerHttp2Stream } from 'node:http2'
import { err, type Result } from '@sallyport/contracts/result'
import type { FailClosed } from './fail-closed.ts'

/** A question with a body: its bound, and the answer as JSON or the status that stands for one. */
export type Question = {
  readonly maxBytes: number
  /** `session` is the connection it came on; only compared. */
  readonly answer: (body: unknown, session: object) => Promise<Result<object, 400 | 503>>
}

/** Answers a question; 503 when its answer rejects. Rejects only when the answer cannot be sent. */
export async function serveQuestion(
  stream: ServerHttp2Stream,
  { maxBytes, answer }: Question,
  { reportOutage }: Pick<FailClosed, 'reportOutage'>,
): Promise<void> {
  const end = (status: number, body = '') => {
    if (stream.closed || stream.destroyed) return
    stream.respond({ ':status': status, 'content-type': 'application/json' })
    stream.end(body)
  }
  const { session } = stream
  if (!session) return // gone before it was looked at
  try {
    const read = await readBounded(stream, maxBytes)
    if (read === undefined) {
      end(413)
      // The rest is not waited for; a code of failure would let the backend doubt the whole session.
      return stream.close(constants.NGHTTP2_NO_ERROR)
    }
    const body = parseJson(read)
    const answered = body === undefined ? err(400) : await answer(body, session)
    if (answered.ok) end(200, JSON.stringify(answered.value))
    else end(answered.error)
  } catch (error) {
    if (stream.closed || stream.destroyed) return // the backend took its question back
    reportOutage(error)
    end(503)
  }
}

/** The body; undefined as soon as it is too long. Rejects when the backend takes its question back. */
function readBounded(stream: ServerHttp2Stream, maxBytes: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let received = 0
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received <= maxBytes) chunks.push(chunk)
      else resolve(undefined)
    })
    stream.once('end', () => resolve(Buffer.concat(chunks).toString()))
    stream.once('close', () => reject(new Error('the question was taken back')))
  })
}

/** The value, or undefined when the text is no JSON. */
function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
