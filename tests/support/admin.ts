// The operator's side: the admin API behind Traefik's management entry point.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Answer, request } from './http.ts'
import type { Pair } from './pairs.ts'

/** Asks the admin API with the operator's token, or with what `authorization` says. */
export function admin(
  stack: Pair,
  method: string,
  path: string,
  options: { readonly body?: object; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { body, headers = {} } = options
  return request(new URL(path, stack.endpoints.management).href, {
    method,
    from: '127.0.0.1',
    headers: {
      authorization: `Bearer ${adminToken(stack)}`,
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  })
}

/** Revokes what the body names; rejects when that is not done. */
export async function revoke(stack: Pair, body: object): Promise<{ id: string }> {
  const answer = await admin(stack, 'POST', '/admin/revocations', { body })
  if (answer.status !== 200) throw new Error(`revoking answered ${answer.status}: ${answer.body}`)
  return JSON.parse(answer.body) as { id: string }
}

export type Listed = {
  readonly nodes: readonly { node: string; total: number; answered: boolean }[]
  readonly connections: readonly Record<string, unknown>[]
}

/** What is connected, over all nodes. */
export async function connections(stack: Pair, query = ''): Promise<Listed> {
  const answer = await admin(stack, 'GET', `/admin/connections${query}`)
  if (answer.status !== 200) throw new Error(`listing answered ${answer.status}: ${answer.body}`)
  return JSON.parse(answer.body) as Listed
}

/** The operator's token of a native run. */
export function adminToken({ stateFolder }: Pair): string {
  const text = readFileSync(join(stateFolder, 'credentials.json'), 'utf8')
  return (JSON.parse(text) as { adminToken: string }).adminToken
}
