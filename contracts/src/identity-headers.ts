// Names of the headers between the gate and the backend. Traefik deletes each of these from the client's
// request before it sets what the sidecar answered (`authResponseHeaders`), so a client can set none of them
// and the backend sees no credential. A test holds traefik-config to these lists.

/** Carries the signed identity assertion. */
export const identityHeader = 'X-Sallyport-Identity'

/** Ties the log lines of one handshake together. */
export const requestIdHeader = 'X-Sallyport-Request-Id'

/** Headers the sidecar may set on the request that goes on to the backend. */
export const identityHeaders = [identityHeader, requestIdHeader] as const

/** Headers that may hold a credential: rewritten or removed, never passed on. */
export const credentialHeaders = ['Authorization', 'Cookie', 'Sec-WebSocket-Protocol'] as const

/** Anything under these prefixes is an identity claim that only the sidecar may make. */
export const identityHeaderPattern =
  '^(X-Auth-|X-Sallyport-|X-Forwarded-(User|Email|Groups|Preferred-Username|Access-Token|Id-Token|Roles?)|Remote-)'
