// React's view of the session keeper: one subscription, one start. Holds no state of its own, so that
// StrictMode's second mount changes nothing.

import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useSyncExternalStore,
} from 'react'
import type { SessionKeeper } from '../session/session-keeper.ts'
import type { SessionState, User } from '../session/session-state.ts'

export type Auth = Pick<
  SessionKeeper,
  'login' | 'logout' | 'retry' | 'end' | 'getToken' | 'hasMarker'
> & {
  readonly session: SessionState
  readonly authLoading: boolean
  readonly isAuthenticated: boolean
  readonly user: User | null
  readonly token: string | null
}

const AuthContext = createContext<Auth | undefined>(undefined)

export type AuthProviderProps = { readonly keeper: SessionKeeper; readonly children: ReactNode }

/** Provides the session; validates what an earlier visit left exactly once (R2.3). */
export function AuthProvider({ keeper, children }: AuthProviderProps) {
  const session = useSyncExternalStore(keeper.subscribe, keeper.getState)
  useEffect(() => keeper.start(), [keeper])
  useTakeOverOnReturn(keeper)
  const auth = useMemo(() => describeAuth(keeper, session), [keeper, session])
  return <AuthContext value={auth}>{children}</AuthContext>
}

/** The session and what can be done with it; throws outside `AuthProvider`. */
export function useAuth(): Auth {
  const auth = useContext(AuthContext)
  if (!auth) throw new Error('useAuth needs an AuthProvider around it.')
  return auth
}

/** Another tab may have signed in while this page was not looked at; the keeper asks only when a marker says so. */
function useTakeOverOnReturn(keeper: SessionKeeper): void {
  useEffect(() => {
    const onReturn = () => {
      if (document.visibilityState === 'visible') void keeper.takeOver()
    }
    window.addEventListener('focus', onReturn)
    document.addEventListener('visibilitychange', onReturn)
    return () => {
      window.removeEventListener('focus', onReturn)
      document.removeEventListener('visibilitychange', onReturn)
    }
  }, [keeper])
}

function describeAuth(keeper: SessionKeeper, session: SessionState): Auth {
  const { login, logout, retry, end, getToken, hasMarker } = keeper
  const isAuthenticated = session.status === 'authenticated'
  return {
    login,
    logout,
    retry,
    end,
    getToken,
    hasMarker,
    session,
    isAuthenticated,
    authLoading: session.status === 'loading',
    user: isAuthenticated ? session.user : null,
    token: isAuthenticated ? session.token : null,
  }
}
