// Signing in with a name and a password from the users file. Limits come first, then the hash, always: an unknown
// name costs as much time as a wrong password and gets the same answer.
//
// A stranger's attempt counts by address and by account. The account's limit is several addresses' worth, but many
// addresses together reach it; so a device that signed in before counts by itself instead, and by a second limit of
// the account that only such devices use up: no stranger can keep an owner out.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'
import { type AttemptLimiter, attemptDenial } from '../limits/attempt-limiter.ts'
import type { DevelopmentBypass } from './development-bypass.ts'
import type { KnownDevices } from './known-device.ts'
import type { PasswordChecker } from './password-checker.ts'
import type { User } from './password-hash.ts'

export type SignInDeps = {
  /** Asked anew at each sign-in: the users file is followed while the sidecar runs. */
  readonly users: () => readonly User[]
  readonly checker: Pick<PasswordChecker, 'check'>
  readonly attemptsByAddress: Pick<AttemptLimiter, 'count' | 'giveBack'>
  readonly attemptsByAccount: Pick<AttemptLimiter, 'count' | 'giveBack'>
  readonly devices: KnownDevices
  readonly bypass: DevelopmentBypass
}

export type SignInRequest = {
  readonly username: string
  readonly password: string
  /** Key of the client's address. */
  readonly addressKey: string
  readonly clientAddress: string
  readonly isFromLoopback: boolean
  readonly cookieHeader: string | undefined
}

/** Who signed in, and the id of the device if it was known before. */
export type SignedIn = { readonly user: User; readonly deviceId: string | undefined }

/** Finds the user behind a name and a password. Rejects only on an outage. */
export async function signIn(
  request: SignInRequest,
  deps: SignInDeps,
): Promise<Result<SignedIn, Denial>> {
  const users = deps.users()
  const named = users.find(({ username }) => username === request.username)
  // From here on somebody disabled is nobody: by answer, by time, and by the limits that apply.
  const user = named?.disabled ? undefined : named
  const deviceId = deps.devices.recognise(request.cookieHeader, user)
  const keys = limitKeys(request, deviceId)

  const byAddress = await deps.attemptsByAddress.count(keys.source)
  if (!byAddress.allowed) return attemptDenial(byAddress)
  const byAccount = await deps.attemptsByAccount.count(keys.account)
  if (!byAccount.allowed) return attemptDenial(byAccount)

  if (user && deps.bypass(user.username, request)) return ok({ user, deviceId })

  const hash = user?.passwordHash ?? nobodysHash(users)
  const asker = { key: keys.source, isKnown: deviceId !== undefined }
  const verdict = await deps.checker.check(request.password, hash, asker)
  if (verdict === 'busy') {
    // Nothing was tried: a crowd must not use up the attempts of those it turns away.
    await deps.attemptsByAddress.giveBack(keys.source)
    await deps.attemptsByAccount.giveBack(keys.account)
    return refuse('unavailable', 'too-many-logins', { retryAfterSeconds: 1 })
  }
  if (!user || verdict === 'mismatch') {
    return wrongNameOrPassword(user ? 'wrong-password' : named ? 'user-disabled' : 'unknown-user')
  }
  return ok({ user, deviceId })
}

/** The one refusal for all who may not sign in; `reason` is for the log. */
export function wrongNameOrPassword(reason: string) {
  return refuse('invalid-credential', reason, { detail: 'The name or the password is wrong' })
}

/** What an attempt counts under. The words in front keep names that people choose apart from keys of ours. */
function limitKeys(request: SignInRequest, deviceId: string | undefined) {
  const { username, addressKey } = request
  return deviceId === undefined
    ? { source: `address ${addressKey}`, account: `strangers ${username}` }
    : { source: `device ${deviceId}`, account: `devices ${username}` }
}

/**
 * A hash nobody knows the password of, for unknown names. It has the parameters of the first user's, because
 * hashing against cheaper or dearer ones would tell by the time it takes that the name is unknown.
 */
function nobodysHash(users: readonly User[]): string {
  const parameters = users[0]?.passwordHash.split('$')[3] ?? 'm=19456,t=2,p=1'
  return `$argon2id$v=19$${parameters}$${'A'.repeat(22)}$${'A'.repeat(43)}`
}
