// The header set of one forward-auth subrequest for a browser's upgrade, as Traefik sends it. Pure.

export type UpgradeOptions = {
  readonly token: string
  readonly origin: string
  /** Bytes of the handshake's key and the number of the client; decides nothing but its values. */
  readonly key: Uint8Array
  readonly client: number
}

const clients = 50

/** Headers that a browser's upgrade carries and that stay on the way through Traefik. */
export function upgradeHeaders({ token, origin, key }: Omit<UpgradeOptions, 'client'>) {
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

/** The whole subrequest over HTTP/2, pseudo headers included; the client is one of fifty addresses. */
export function subrequestHeaders(options: UpgradeOptions): Record<string, string> {
  const host = new URL(options.origin).host
  return {
    ':method': 'GET',
    ':path': '/verify',
    ...upgradeHeaders(options),
    'x-forwarded-for': `203.0.113.${1 + (options.client % clients)}`,
    'x-forwarded-host': host,
    'x-forwarded-method': 'GET',
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'wss',
    'x-forwarded-uri': '/ws',
  }
}
