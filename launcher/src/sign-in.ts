// Signs a demo user in through the public address, like any client. Tokens pass through and are never printed here.

import { isLoginAnswer } from '@sallyport/contracts/login-answer'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { Context } from './context.ts'
import type { Endpoints } from './endpoints.ts'
import { readyEndpoints } from './running.ts'
import { readCredentials } from './secrets/demo-users.ts'
import { readProblem, waitOf } from './socket-lines.ts'

const defaultUsername = 'alice'
const timeoutMs = 10_000

type SignedIn = { readonly endpoints: Endpoints; readonly token: string }

/** Gets a token for a demo user (alice by default); the error is a sentence for people. */
export async function signIn(
  { state }: Context,
  username: string = defaultUsername,
): Promise<Result<SignedIn, string>> {
  const endpoints = readyEndpoints(state)
  if (!endpoints) return err('Sallyport is not running: start it with `make up`')
  const users = readCredentials(state)?.users ?? []
  const user = users.find((one) => one.username === username)
  if (!user) {
    const names = users.map((one) => one.username).join(', ')
    return err(`no demo user ${username} in ${state.credentials}; there are: ${names || 'none'}`)
  }
  const answer = await fetch(`${endpoints.public}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: endpoints.public },
    body: JSON.stringify({ username: user.username, password: user.password }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch(() => undefined)
  if (!answer) return err(`${endpoints.public} does not answer: see \`make status\``)
  const text = await answer.text().catch(() => '')
  const body = parseJson(text)
  if (answer.ok && isLoginAnswer(body)) return ok({ endpoints, token: body.token })
  return err(refusalOf(answer.status, answer.headers.get('retry-after'), text))
}

/** One sentence for a refused login; a limit is said to be the one of sign-ins, not of handshakes. */
export function refusalOf(status: number, retryAfter: string | null, body: string): string {
  const wait = waitOf(retryAfter)
  const parts = [
    readProblem(body),
    status === 429 ? 'this is the limit of sign-ins, SIDECAR_LOGINS_PER_*' : '',
    wait,
  ].filter((part) => part !== '')
  return [`signing in was refused (${status})`, ...parts].join('; ')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
