// One gateway client, tied to the session: connects when somebody is confirmed to be signed in, disconnects
// when that ends or the component goes. Must not decide about reconnecting; the client does.

import { closeCodes } from '@sallyport/contracts/close-codes'
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import {
  createErrorFromState,
  shouldRedirectToLogin,
  type WebSocketError,
} from '../errors/websocketErrorHandler.ts'
import {
  createGatewayClient,
  type GatewayClient,
  type GatewayClientOptions,
} from '../gateway-client/client.ts'
import type { ConnectionState } from '../gateway-client/connection-state.ts'
import type { GetToken } from '../gateway-client/token-source.ts'
import { isUsableToken } from '../gateway-client/usable-token.ts'
import { type Auth, useAuth } from './AuthProvider.tsx'

export type AuthAwareWebSocket = {
  /** True when there is confirmed auth, a user, a usable token, and the marker of a cookie (R4.6). */
  readonly canConnect: () => boolean
  /** Connects or retries at once; does nothing while `canConnect()` is false. */
  readonly connect: () => void
  readonly disconnect: () => void
  readonly send: GatewayClient['send']
  readonly state: ConnectionState
  readonly error: WebSocketError | undefined
  readonly client: GatewayClient
}

export type AuthAwareWebSocketOptions = {
  /** Where to connect; another address is another client. */
  readonly url: string
  /** For tests; read when a client is made, for an address and a session keeper. */
  readonly createClient?: (options: GatewayClientOptions) => GatewayClient
}

/** Ties a socket to the session around it; on auth errors the session ends and the page goes to the login. */
export function useAuthAwareWebSocket(options: AuthAwareWebSocketOptions): AuthAwareWebSocket {
  const auth = useAuth()
  const client = useClient(options, auth.getToken)
  const state = useSyncExternalStore(client.subscribe, client.getState)
  const error = useMemo(() => createErrorFromState(state), [state])

  const canConnect = useCallback(() => isConfirmed(auth) && auth.hasMarker(), [auth])
  const connect = useCallback(() => {
    if (canConnect()) client.connect()
  }, [client, canConnect])

  // Tied to the session and not to the token: a fresh token must not cost the connection. The marker counts when
  // a session first connects; another tab that clears it later has the server end this socket.
  const { end, hasMarker } = auth
  const sessionId = isConfirmed(auth) ? sessionIdOf(auth) : undefined
  useEffect(() => {
    if (sessionId === undefined || !hasMarker()) return undefined
    client.connect()
    return () => client.disconnect()
  }, [client, sessionId, hasMarker])

  useEffect(() => {
    if (!error || state.phase !== 'ended' || !shouldRedirectToLogin(error)) return
    end(error.code === closeCodes.sessionRevoked.code ? 'session-ended' : 'session-expired')
  }, [end, error, state.phase])

  useWake(client)
  return useMemo(() => {
    const { disconnect, send } = client
    return { canConnect, connect, disconnect, send, state, error, client }
  }, [canConnect, connect, client, state, error])
}

/** One client for an address and a source of tokens; when either changes, a new one takes over. */
function useClient(options: AuthAwareWebSocketOptions, getToken: GetToken): GatewayClient {
  const { url, createClient = createGatewayClient } = options
  const make = () => ({ url, getToken, client: createClient({ url, getToken }) })
  const [held, setHeld] = useState(make)
  if (held.url === url && held.getToken === getToken) return held.client
  const made = make()
  setHeld(made)
  return made.client
}

/** The condition of R2.8: nothing is loading, and somebody with a usable token is signed in. */
function isConfirmed(auth: Auth): boolean {
  const { authLoading, isAuthenticated, user, token } = auth
  return !authLoading && isAuthenticated && user !== null && isUsableToken(token)
}

function sessionIdOf({ session }: Auth): string | undefined {
  return session.status === 'authenticated' ? session.sessionId : undefined
}

/** A network that is back is worth a try before the backoff is over; a page that slept may have missed a refresh. */
function useWake(client: GatewayClient): void {
  useEffect(() => {
    const onOnline = () => {
      if (client.getState().phase === 'backing-off') client.connect()
      client.wake()
    }
    const onVisibility = () => {
      if (document.visibilityState === 'visible') client.wake()
    }
    window.addEventListener('online', onOnline)
    document.addEventListener('visibilitychange', onVisibility)
    return () => {
      window.removeEventListener('online', onOnline)
      document.removeEventListener('visibilitychange', onVisibility)
    }
  }, [client])
}
