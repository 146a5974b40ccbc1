// @sallyport/client: the framework-free core. Everything named here is public, nothing else is.

export {
  createErrorFromCloseEvent,
  createErrorFromError,
  createErrorFromState,
  getErrorTypeFromCloseEvent,
  getErrorTypeFromMessage,
  getUserFriendlyMessage,
  isRetryableError,
  shouldRedirectToLogin,
  type WebSocketError,
  type WebSocketErrorType,
} from './errors/websocketErrorHandler.ts'
export {
  createGatewayClient,
  type GatewayClient,
  type GatewayClientOptions,
} from './gateway-client/client.ts'
export type { ConnectionState, TokenReason } from './gateway-client/connection-state.ts'
export type { CreateSocket, GatewaySocket, SocketHandlers } from './gateway-client/lifeline.ts'
export type { StopOutcome } from './gateway-client/reconnect-policy.ts'
export type { SetTimer } from './gateway-client/timer.ts'
export {
  type GetToken,
  type TokenRequest,
  TokenUnavailableError,
  UnauthorizedError,
} from './gateway-client/token-source.ts'
export { createSessionApi, type SessionApi, type SessionFault } from './session/session-api.ts'
export { createSessionKeeper, type SessionKeeper } from './session/session-keeper.ts'
export type { SessionState, SignOutReason, User } from './session/session-state.ts'
export { createSignedInMarker, type SignedInMarker } from './session/signed-in-marker.ts'
export { createTabTurns } from './session/tab-turns.ts'
export {
  createLocalTokenStorage,
  createMemoryTokenStorage,
  type TokenStorage,
} from './session/token-storage.ts'
