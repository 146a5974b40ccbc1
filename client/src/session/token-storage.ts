// Where a token rests between page loads. The default is nowhere.
//
// The trade-off: neither choice signs anybody in. Every page load with a trace of an earlier login asks
// `/auth/session` exactly once; that answer rests on the httpOnly cookie alone and brings a fresh token. A stored
// token is never sent and never believed after a reload: it is such a trace, like the readable cookie, and other
// code of the page can read it under its key. The price: every script that ever runs on the origin can read it,
// and so can whoever opens the profile on disk, for as long as the token lives. Choose it only for such code.

import { isUsableToken } from '../gateway-client/usable-token.ts'

export type TokenStorage = {
  /** The stored token; undefined for none, a blank or a placeholder. The keeper only asks whether it is there. */
  readonly read: () => string | undefined
  readonly write: (token: string) => void
  readonly clear: () => void
}

/** The key a token has in localStorage when no other is chosen. */
const defaultStorageKey = 'sallyport_token'

/** Keeps the token for as long as the page lives. */
export function createMemoryTokenStorage(): TokenStorage {
  let held: string | undefined
  return {
    read: () => usable(held),
    write: (token) => {
      held = token
    },
    clear: () => {
      held = undefined
    },
  }
}

/**
 * Keeps the token in `storage` under `key`, shared by all tabs; falls back to memory where the browser
 * forbids storage. The price stands at the top of this file.
 */
export function createLocalTokenStorage(
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
  key: string = defaultStorageKey,
): TokenStorage {
  const memory = createMemoryTokenStorage()
  return {
    read: () => usable(attempt(() => storage.getItem(key))) ?? memory.read(),
    write(token) {
      memory.write(token)
      attempt(() => storage.setItem(key, token))
    },
    clear() {
      memory.clear()
      attempt(() => storage.removeItem(key))
    },
  }
}

function usable(token: unknown): string | undefined {
  return isUsableToken(token) ? token : undefined
}

/** Storage throws when it is full, and in some browsers whenever cookies are blocked. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}
