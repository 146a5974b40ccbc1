// Signing in with a name and a password from the users file. Limits come first (an account's is several addresses'
// worth, or one stranger could keep its owner out), then the hash, always:
// an unknown name costs as much time as a wrong password and gets the same answer.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'
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
  const verdict = await deps.checker.check(
    request.password,
    user?.passwordHash ?? nobodysHash(deps.users),
  )
  if (verdict === 'busy') {
    return refuse('unavailable', 'too-many-logins', { retryAfterSeconds: 1 })
  }
  if (!user || verdict === 'mismatch') {
    return refuse('invalid-credential', user ? 'wrong-password' : 'unknown-user', {
      detail: 'The name or the password is wrong',
    })
  }
  return ok(user)
}

/**
 * A hash nobody knows the password of, for unknown names. It has the parameters of the first user's, because
 * hashing against cheaper or dearer ones would tell by the time it takes that the name is unknown.
 */
function nobodysHash(users: readonly User[]): string {
  const parameters = users[0]?.passwordHash.split('$')[3] ?? 'm=19456,t=2,p=1'
  return `$argon2id$v=19$${parameters}$${'A'.repeat(22)}$${'A'.repeat(43)}`
}
