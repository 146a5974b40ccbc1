// Signing in with a name and a password from the users file. Limits come first, then the hash, always:
// an unknown name costs as much time as a wrong password and gets the same answer.

import type { Denial } from '@sallyport/contracts/denials'
import { err, ok, type Result } from '@sallyport/contracts/result'
import { type AttemptLimiter, attemptDenial } from '../limits/attempt-limiter.ts'
import type { PasswordChecker } from './password-checker.ts'
import type { User } from './password-hash.ts'

export type SignInDeps = {
  readonly users: readonly User[]
  readonly checker: Pick<PasswordChecker, 'check'>
  readonly attemptsByAddress: AttemptLimiter
  readonly attemptsByAccount: AttemptLimiter
}

export type SignInRequest = {
  readonly username: string
  readonly password: string
  /** Key of the client's address. */
  readonly addressKey: string
}

// A hash nobody knows the password of, with the parameters of real ones: unknown names are hashed against it.
const nobodysHash = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

/** Finds the user behind a name and a password. Rejects only on an outage. */
export async function signIn(
  request: SignInRequest,
  deps: SignInDeps,
): Promise<Result<User, Denial>> {
  const byAddress = await deps.attemptsByAddress.count(request.addressKey)
  if (!byAddress.allowed) return attemptDenial(byAddress)
  const byAccount = await deps.attemptsByAccount.count(request.username)
  if (!byAccount.allowed) return attemptDenial(byAccount)

  const user = deps.users.find(({ username }) => username === request.username)
  const verdict = await deps.checker.check(request.password, user?.passwordHash ?? nobodysHash)
  if (verdict === 'busy') {
    return err({ code: 'unavailable', reason: 'too-many-logins', retryAfterSeconds: 1 })
  }
  if (!user || verdict === 'mismatch') {
    return err({
      code: 'invalid-credential',
      reason: user ? 'wrong-password' : 'unknown-user',
      detail: 'The name or the password is wrong',
    })
  }
  return ok(user)
}
