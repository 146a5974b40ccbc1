// The operator's side, spoken by the process that holds the sockets: what was sent and what came have one clock.

import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Operator } from './fleet-protocol.ts'

export type Revocation = {
  /** The moment (`performance.now`, ms) at which the request was handed to the kernel. */
  readonly sentAtMs: number
  /** When the head of the 200 came; rejects for anything else. */
  readonly answeredAtMs: Promise<number>
}

export type AdminClient = {
  readonly revoke: (operator: Operator, body: object) => Revocation
  /** The backend that has the only socket of this session; rejects when none says so. */
  readonly nodeOf: (operator: Operator, sessionId: string) => Promise<string>
}

/** Builds it; connections are kept, as an operator's own tools keep theirs. */
export function createAdminClient(): AdminClient {
  const agent = new Agent({ keepAlive: true })

  function ask({ management, adminToken }: Operator, path: string, options: RequestOptions) {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const authorization = `Bearer ${adminToken}`
    const headers = { ...(options.headers as Record<string, string>), authorization }
    const question = request(`${management}${path}`, { ...options, agent, headers })
    question.on('error', reject)
    question.on('response', (answer) => {
      const atMs = performance.now()
      json(answer).then((body) => resolve({ ...statusOf(answer), atMs, body }), reject)
    })
    return { question, answer: promise.then(refuseFailure) }
  }

  return {
    revoke(operator, body) {
      const headers = { 'content-type': 'application/json' }
      const options = { method: 'POST', headers }
      const { question, answer } = ask(operator, '/admin/revocations', options)
      const answeredAtMs = answer.then(({ atMs }) => atMs)
      // Whoever fails before waiting for it must not end the process by it.
      answeredAtMs.catch(() => {})
      const sentAtMs = performance.now()
      question.end(JSON.stringify(body))
      return { sentAtMs, answeredAtMs }
    },
    async nodeOf(operator, sessionId) {
      const { question, answer } = ask(operator, `/admin/connections?sessionId=${sessionId}`, {})
      question.end()
      const { connections } = (await answer).body as Listing
      const node = connections[0]?.node
      if (node === undefined) throw new Error('no backend has a socket that is open')
      return node
    },
  }
}

type Answer = { readonly status: number; readonly atMs: number; readonly body: unknown }
type Listing = { readonly connections: readonly { readonly node: string }[] }

function statusOf({ statusCode = 0 }: IncomingMessage) {
  return { status: statusCode }
}

function refuseFailure(answer: Answer): Answer {
  if (answer.status === 200) return answer
  throw new Error(`the operator was answered with ${answer.status}`)
}
