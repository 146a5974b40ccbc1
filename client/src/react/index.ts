// @sallyport/client/react: the thin React binding. Everything named here is public, nothing else is.

export { type Auth, AuthProvider, type AuthProviderProps, useAuth } from './AuthProvider.tsx'
export { GatewayProvider, type GatewayProviderProps, useGateway } from './GatewayProvider.tsx'
export {
  type AuthAwareWebSocket,
  type AuthAwareWebSocketOptions,
  useAuthAwareWebSocket,
} from './useAuthAwareWebSocket.ts'
export { type Channel, type ReceivedEvent, useChannel } from './useChannel.ts'
