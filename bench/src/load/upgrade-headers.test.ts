import { describe, expect, it } from 'vitest'
import { subrequestHeaders } from './upgrade-headers.ts'

const headersOf = (client: number) =>
  subrequestHeaders({ token: 't', origin: 'https://a.example', key: new Uint8Array(16), client })

describe('the subrequest of the load', () => {
  it('comes from fifty addresses', () => {
    const addresses = Array.from(
      { length: 200 },
      (_, client) => headersOf(client)['x-forwarded-for'],
    )
    expect(new Set(addresses).size).toBe(50)
  })

  it('is a handshake by RFC 6455 as far as the sidecar sees it', () => {
    const headers = headersOf(1)
    expect(headers['sec-websocket-key']).toHaveLength(24)
    expect(headers).toMatchObject({
      'sec-websocket-version': '13',
      'x-forwarded-method': 'GET',
      'x-forwarded-host': 'a.example',
      authorization: 'Bearer t',
    })
    expect(Object.keys(headers).every((name) => name === name.toLowerCase())).toBe(true)
  })
})
