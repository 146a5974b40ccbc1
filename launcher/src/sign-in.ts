// Signs a demo user in through the public address, like any client. Tokens pass through and are never printed here.

import { isLoginAnswer } from '@sallyport/contracts/login-answer'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { Context } from './context.ts'
import type { Endpoints } from './endpoints.ts'
import { readyEndpoints } from './running.ts'
import { readCredentials } from './secrets/demo-users.ts'

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
  const body: unknown = await answer.json().catch(() => undefined)
  if (answer.ok && isLoginAnswer(body)) return ok({ endpoints, token: body.token })
  return err(`signing in was refused (${answer.status})${detailOf(body)}`)
}

function detailOf(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('detail' in body)) return ''
  return typeof body.detail === 'string' ? `: ${body.detail}` : ''
}
