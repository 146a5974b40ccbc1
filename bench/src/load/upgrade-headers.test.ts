import { describe, expect, it } from 'vitest'
import { fiftyAddresses, subrequestHeaders } from './upgrade-headers.ts'

const headers = subrequestHeaders({
  token: 't',
  origin: 'https://a.example',
  key: new Uint8Array(16),
  address: fiftyAddresses(1),
})

describe('the subrequest of the load', () => {
  it('comes from fifty addresses', () => {
    const addresses = Array.from({ length: 200 }, (_, client) => fiftyAddresses(client))
    expect(new Set(addresses).size).toBe(50)
  })

  it('is a handshake by RFC 6455 as far as the sidecar sees it', () => {
    expect(headers['sec-websocket-key']).toHaveLength(24)
    expect(headers).toMatchObject({
      'sec-websocket-version': '13',
      'x-forwarded-for': '203.0.113.2',
      'x-forwarded-method': 'GET',
      'x-forwarded-host': 'a.example',
      authorization: 'Bearer t',
    })
    expect(Object.keys(headers).every((name) => name === name.toLowerCase())).toBe(true)
  })
})
