// The three questions against every kind of answer a proxy or the gate can give.

import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import { problemAnswer } from '@sallyport/contracts/problem-document'
import { describe, expect, it } from 'vitest'
import { createSessionApi } from './session-api.ts'

const answer: LoginAnswer = {
  user: { id: 'alice', username: 'alice' },
  token: 'a.b.c',
  expiresAt: '2030-01-01T00:00:00.000Z',
  expiresInMs: 600_000,
  sessionId: 's1',
}

function apiOver(respond: () => Response | Promise<Response>) {
  const calls: { readonly url: string; readonly init: RequestInit | undefined }[] = []
  const api = createSessionApi({
    fetch: async (input, init) => {
      calls.push({ url: input instanceof Request ? input.url : String(input), init })
      return respond()
    },
  })
  return { api, calls }
}

function denied(
  code: 'invalid-credential' | 'rate-limited' | 'unavailable',
  retryAfterSeconds?: number,
) {
  const denial = {
    code,
    reason: 'x',
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  }
  const { status, headers, body } = problemAnswer(denial, 'r1')
  return new Response(body, { status, headers })
}

describe('login', () => {
  it('sends name and password as JSON, in the body only', async () => {
    const { api, calls } = apiOver(() => Response.json(answer))
    expect(await api.login('alice', 'secret')).toEqual({ ok: true, value: answer })
    expect(calls[0]?.url).toBe('/auth/login')
    expect(calls[0]?.init).toMatchObject({
      method: 'POST',
      credentials: 'same-origin',
      body: '{"username":"alice","password":"secret"}',
    })
  })

  it.each([
    { given: () => denied('invalid-credential'), error: { kind: 'invalid-credentials' } },
    {
      given: () => denied('rate-limited', 42),
      error: { kind: 'rate-limited', retryAfterSeconds: 42 },
    },
    {
      given: () => new Response('Too Many Requests', { status: 429 }),
      error: { kind: 'rate-limited', retryAfterSeconds: 60 },
    },
    { given: () => denied('unavailable', 2), error: { kind: 'unavailable' } },
    { given: () => new Response('', { status: 403 }), error: { kind: 'unavailable' } },
    { given: () => new Response('<html>portal</html>'), error: { kind: 'unavailable' } },
    { given: () => Response.json({ token: 7 }), error: { kind: 'unavailable' } },
    { given: () => Promise.reject(new TypeError('x')), error: { kind: 'unreachable' } },
  ])('R2.9 answers $error.kind as a value', async ({ given, error }) => {
    const { api } = apiOver(given)
    expect(await api.login('alice', 'secret')).toEqual({ ok: false, error })
  })
})

describe('validate', () => {
  it('asks without any credential of its own and without a cache', async () => {
    const { api, calls } = apiOver(() => Response.json(answer))
    expect(await api.validate()).toEqual({ ok: true, value: answer })
    expect(calls[0]?.url).toBe('/auth/session')
    expect(calls[0]?.init).toMatchObject({ method: 'GET', cache: 'no-store' })
    expect(calls[0]?.init?.headers).toBeUndefined()
  })
})

describe('logout', () => {
  it.each([204, 200, 401])('is over after %i', async (status) => {
    const { api, calls } = apiOver(() => new Response(null, { status }))
    expect(await api.logout()).toEqual({ ok: true, value: undefined })
    expect(calls[0]).toMatchObject({ url: '/auth/logout', init: { method: 'POST' } })
  })

  it('says when the server could not be told', async () => {
    const { api } = apiOver(() => denied('unavailable'))
    expect(await api.logout()).toEqual({ ok: false, error: { kind: 'unavailable' } })
  })
})
