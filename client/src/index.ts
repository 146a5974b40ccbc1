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
  createTokenSource,
  type GetToken,
  type IssuedToken,
  type TokenRequest,
  type TokenSource,
  TokenUnavailableError,
  UnauthorizedError,
} from './gateway-client/token-source.ts'
export { isUsableToken } from './gateway-client/usable-token.ts'
export { createSessionApi, type SessionApi, type SessionFault } from './session/session-api.ts'
export { createSessionKeeper, type SessionKeeper } from './session/session-keeper.ts'
export type { SessionState, SignOutReason, User } from './session/session-state.ts'
export { createSignedInSign, type SignedInSign } from './session/signed-in-sign.ts'
export {
  createLocalTokenStorage,
  createMemoryTokenStorage,
  defaultStorageKey,
  type TokenStorage,
} from './session/token-storage.ts'
