// Shares the one socket of a page with every component below. Must not open a second one.

import { createContext, type ReactNode, useContext } from 'react'
import {
  type AuthAwareWebSocket,
  type AuthAwareWebSocketOptions,
  useAuthAwareWebSocket,
} from './useAuthAwareWebSocket.ts'

const GatewayContext = createContext<AuthAwareWebSocket | undefined>(undefined)

export type GatewayProviderProps = AuthAwareWebSocketOptions & { readonly children: ReactNode }

/** Provides the page's socket; needs an `AuthProvider` around it. */
export function GatewayProvider({ children, ...options }: GatewayProviderProps) {
  const gateway = useAuthAwareWebSocket(options)
  return <GatewayContext value={gateway}>{children}</GatewayContext>
}

/** The page's socket; throws outside `GatewayProvider`. */
export function useGateway(): AuthAwareWebSocket {
  const gateway = useContext(GatewayContext)
  if (!gateway) throw new Error('useGateway needs a GatewayProvider around it.')
  return gateway
}
