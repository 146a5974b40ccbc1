// Three questions to `/auth`, answered as values. Reads status and `Retry-After` only: a proxy's own refusals
// are plain text. Must not keep anything.

import { isLoginAnswer, type LoginAnswer } from '@sallyport/contracts/login-answer'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { TakeTurns } from './tab-turns.ts'

/** Why `/auth` gave no login. Only `invalid-credentials` says anything about the person. */
export type SessionFault =
  | { readonly kind: 'invalid-credentials' }
  | { readonly kind: 'rate-limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'unreachable' }

export type SessionApi = {
  readonly login: (username: string, password: string) => Promise<Result<LoginAnswer, SessionFault>>
  /** Succeeds too when there was nothing to end. */
  readonly logout: () => Promise<Result<undefined, SessionFault>>
  /** Asks who is signed in; the answer brings a fresh token. */
  readonly validate: () => Promise<Result<LoginAnswer, SessionFault>>
}

type SessionApiDeps = {
  readonly fetch: typeof fetch
  /** Where `/auth` is; empty for the page's own origin. */
  readonly origin?: string
  /** How questions that may change cookies keep out of each other's way; by default they do not. */
  readonly takeTurns?: TakeTurns
}

/** How long `/auth` may take before it counts as unreachable. */
const requestTimeoutMs = 10_000

const defaultRetryAfterSeconds = 60

/** Builds the three questions over `fetch`. */
export function createSessionApi(deps: SessionApiDeps): SessionApi {
  const { origin = '', takeTurns = (work) => work() } = deps

  async function ask(path: string, init: RequestInit): Promise<Result<Response, SessionFault>> {
    try {
      const common: RequestInit = { credentials: 'same-origin', cache: 'no-store' }
      const response = await takeTurns(() => {
        // The time starts with the turn: waiting for another tab says nothing about the server.
        const signal = AbortSignal.timeout(requestTimeoutMs)
        return deps.fetch(`${origin}${path}`, { ...common, signal, ...init })
      })
      return ok(response)
    } catch {
      return err({ kind: 'unreachable' })
    }
  }

  return {
    async login(username, password) {
      const body = JSON.stringify({ username, password })
      const headers = { 'content-type': 'application/json' }
      return readLogin(await ask('/auth/login', { method: 'POST', headers, body }))
    },
    async logout() {
      const answer = await ask('/auth/logout', { method: 'POST' })
      if (!answer.ok) return answer
      const isOver = answer.value.ok || answer.value.status === 401
      return isOver ? ok(undefined) : err(faultOf(answer.value))
    },
    async validate() {
      return readLogin(await ask('/auth/session', { method: 'GET' }))
    },
  }
}

async function readLogin(
  answer: Result<Response, SessionFault>,
): Promise<Result<LoginAnswer, SessionFault>> {
  if (!answer.ok) return answer
  if (!answer.value.ok) return err(faultOf(answer.value))
  // A captive portal answers 200 with a page of its own: that is an outage, not a login.
  const body: unknown = await answer.value.json().catch(() => undefined)
  return isLoginAnswer(body) ? ok(body) : err({ kind: 'unavailable' })
}

function faultOf(response: Response): SessionFault {
  if (response.status === 401) return { kind: 'invalid-credentials' }
  if (response.status !== 429) return { kind: 'unavailable' }
  const asked = Number(response.headers.get('retry-after') ?? Number.NaN)
  const isSound = Number.isFinite(asked) && asked >= 0
  return { kind: 'rate-limited', retryAfterSeconds: isSound ? asked : defaultRetryAfterSeconds }
}
