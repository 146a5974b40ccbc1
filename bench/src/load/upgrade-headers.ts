// The header set of one forward-auth subrequest for a browser's upgrade, as Traefik sends it. Pure.

export type UpgradeOptions = {
  readonly token: string
  readonly origin: string
  /** Bytes of the handshake's key. */
  readonly key: Uint8Array
  /** Where Traefik saw the client. */
  readonly address: string
}

/** Where the sidecar decides an upgrade of the route `websocket`. */
const verifyPath = '/verify/websocket'

/** The address of a client, one of fifty. */
export function fiftyAddresses(client: number): string {
  return `203.0.113.${1 + (client % 50)}`
}

/** Headers that a browser's upgrade carries and that stay on the way through Traefik. */
export function upgradeHeaders({ token, origin, key }: Omit<UpgradeOptions, 'address'>) {
  return {
    'accept-encoding': 'gzip, deflate, br, zstd',
    'accept-language': 'en-GB,en;q=0.9',
    authorization: `Bearer ${token}`,
    'cache-control': 'no-cache',
    origin,
    pragma: 'no-cache',
    'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
    'sec-websocket-key': Buffer.from(key).toString('base64'),
    'sec-websocket-protocol': 'sallyport.v1',
    'sec-websocket-version': '13',
    'user-agent':
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36',
  } as const
}

/** The whole subrequest over HTTP/2, pseudo headers included. */
export function subrequestHeaders(options: UpgradeOptions): Record<string, string> {
  const host = new URL(options.origin).host
  return {
    ':method': 'GET',
    ':path': verifyPath,
    ...upgradeHeaders(options),
    'x-forwarded-for': options.address,
    'x-forwarded-host': host,
    'x-forwarded-method': 'GET',
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'wss',
    'x-forwarded-uri': '/ws',
  }
}
