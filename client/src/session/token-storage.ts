// Where a token rests between page loads. The default is nowhere.
//
// The trade-off: a token in memory dies with the page, and a reload costs one request to `/auth/session`. A token
// in localStorage survives, but every script that ever runs on the origin can read it, and so can whoever opens
// the profile on disk. Sallyport needs no stored token: the session cookie is httpOnly. Choose localStorage only
// for a page that cannot hold cookies.

import { isUsableToken } from '../gateway-client/usable-token.ts'

export type TokenStorage = {
  /** The stored token; undefined for none, a blank or a placeholder. */
  readonly read: () => string | undefined
  readonly write: (token: string) => void
  readonly clear: () => void
}

/** The key a token has in localStorage when no other is chosen. */
export const defaultStorageKey = 'sallyport_token'

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

/** Keeps the token in `storage` under `key`; falls back to memory where the browser forbids storage. */
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
