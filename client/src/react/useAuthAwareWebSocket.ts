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
import { isUsableToken } from '../gateway-client/usable-token.ts'
import { type Auth, useAuth } from './AuthProvider.tsx'

export type AuthAwareWebSocket = {
  /** True when there is confirmed auth, a user, a usable token, and the sign of a cookie (R4.6). */
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
  readonly url: string
  /** For tests; read on the first render only. */
  readonly createClient?: (options: GatewayClientOptions) => GatewayClient
}

/** Ties a socket to the session around it; on auth errors the session ends and the page goes to the login. */
export function useAuthAwareWebSocket(options: AuthAwareWebSocketOptions): AuthAwareWebSocket {
  const auth = useAuth()
  const { url, createClient = createGatewayClient } = options
  const [client] = useState(() => createClient({ url, getToken: auth.getToken }))
  const state = useSyncExternalStore(client.subscribe, client.getState)
  const error = useMemo(() => createErrorFromState(state), [state])

  const canConnect = useCallback(() => mayConnect(auth), [auth])
  const connect = useCallback(() => {
    if (canConnect()) client.connect()
  }, [client, canConnect])

  // Tied to the session and not to the token: a fresh token must not cost the connection.
  const sessionId = mayConnect(auth) ? sessionIdOf(auth) : undefined
  useEffect(() => {
    if (sessionId === undefined) return undefined
    client.connect()
    return () => client.disconnect()
  }, [client, sessionId])

  const { end } = auth
  useEffect(() => {
    if (!error || state.phase !== 'ended' || !shouldRedirectToLogin(error)) return
    end(error.code === closeCodes.sessionRevoked.code ? 'session-ended' : 'session-expired')
  }, [end, error, state.phase])

  useRetryWhenOnline(client)
  return {
    canConnect,
    connect,
    disconnect: client.disconnect,
    send: client.send,
    state,
    error,
    client,
  }
}

/** The condition of R2.8 and R4.6. */
export function mayConnect(auth: Auth): boolean {
  const isConfirmed = !auth.authLoading && auth.isAuthenticated && auth.user !== null
  return isConfirmed && isUsableToken(auth.token) && auth.hasSign()
}

function sessionIdOf({ session }: Auth): string | undefined {
  return session.status === 'authenticated' ? session.sessionId : undefined
}

/** A network that is back is worth a try before the backoff is over. */
function useRetryWhenOnline(client: GatewayClient): void {
  useEffect(() => {
    const retry = () => {
      if (client.getState().phase === 'backing-off') client.connect()
    }
    window.addEventListener('online', retry)
    return () => window.removeEventListener('online', retry)
  }, [client])
}
