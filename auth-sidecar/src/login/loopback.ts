// Which addresses and names are this machine's own. Knows text forms of them, nothing of requests.

import { BlockList, isIP } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** True for an address in 127.0.0.0/8, mapped ones included, and for ::1; false for a name, and for no address. */
export function isLoopback(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** True for `localhost`, an address in 127.0.0.0/8 and `[::1]`, with a port or without; false for any other name. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase()
  if (name === 'localhost' || name === '[::1]') return true
  return isIP(name) === 4 && isLoopback(name)
}

/** True when every hop that is named in `X-Forwarded-For`, the client first, is this machine's; false for none. */
export function isForwardedFromLoopback(xForwardedFor: string | undefined): boolean {
  if (!xForwardedFor) return false
  return xForwardedFor.split(',').every((entry) => isLoopback(entry.trim()))
}
