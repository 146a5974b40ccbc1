// R3.6: on a developer's own machine one named user may sign in with any password. Explicit, loud, and impossible
// elsewhere: the settings refuse it in production, this refuses to be built there, and each use must come from
// this machine and ask for it by a name of its own: through a tunnel everybody seems to be here.

import type { Log } from '@sallyport/service-kit/log'
import { isLoopback } from './loopback.ts'
import type { User } from './password-hash.ts'

/** True when this sign-in needs no password; each such use is logged. */
export type DevelopmentBypass = (
  username: string,
  from: { readonly clientAddress: string; readonly isFromLoopback: boolean },
) => boolean

export type DevelopmentBypassOptions = {
  /** The setting; empty leaves the bypass out. */
  readonly username: string
  readonly mode: 'development' | 'production'
  /** Where the sidecar listens. */
  readonly host: string
  readonly users: readonly Pick<User, 'username'>[]
  readonly log: Log
}

/** Builds the bypass and says so loudly; throws, so that nothing starts, where there may be none. */
export function createDevelopmentBypass(options: DevelopmentBypassOptions): DevelopmentBypass {
  const { username, mode, host, users, log } = options
  if (username === '') return () => false
  if (mode !== 'development') throw new Error('a development bypass in production')
  if (!isLoopback(host)) throw new Error('a development bypass needs a listener on loopback')
  if (!users.some((user) => user.username === username)) {
    throw new Error('SIDECAR_DEVELOPMENT_BYPASS names nobody of the users file')
  }
  log.warn(
    { username },
    'DEVELOPMENT BYPASS IS ON: this user signs in from this machine with any password',
  )
  return (asked, { clientAddress, isFromLoopback }) => {
    if (asked !== username || !isFromLoopback) return false
    log.warn({ username, clientAddress }, 'development bypass used: the password was not checked')
    return true
  }
}
