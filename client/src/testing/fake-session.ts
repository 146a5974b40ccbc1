// A session keeper over an `/auth` whose answers the test decides. For tests of what stands on the keeper.

import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { SessionFault } from '../session/session-api.ts'
import { createSessionKeeper } from '../session/session-keeper.ts'
import { createMemoryTokenStorage } from '../session/token-storage.ts'

/** A login answer for a user; the token can be chosen. */
export function answerFor(name: string, token = `${name}.token`): LoginAnswer {
  const user = { id: name, username: name }
  return { user, token, expiresAt: '', expiresInMs: 600_000, sessionId: `session-of-${name}` }
}

/** A keeper on a page with or without the readable cookie. */
export function createFakeSession(options: { readonly signed: boolean }) {
  let signed = options.signed
  let answer: Result<LoginAnswer, SessionFault> = ok(answerFor('alice'))
  const calls: string[] = []
  const keeper = createSessionKeeper({
    api: {
      login: async (username, password) => {
        calls.push('login')
        if (password !== 'secret') return err({ kind: 'invalid-credentials' })
        signed = true
        return ok(answerFor(username))
      },
      logout: async () => {
        calls.push('logout')
        return ok(undefined)
      },
      validate: async () => {
        calls.push('validate')
        return answer
      },
    },
    storage: createMemoryTokenStorage(),
    marker: {
      isPresent: () => signed,
      clear: () => {
        signed = false
      },
    },
    now: Date.now,
  })
  const answerWith = (given: typeof answer) => {
    answer = given
  }
  const loseMarker = () => {
    signed = false
  }
  const gainMarker = () => {
    signed = true
  }
  return { keeper, calls, answerWith, loseMarker, gainMarker }
}
