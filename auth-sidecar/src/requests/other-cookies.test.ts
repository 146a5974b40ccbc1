import { expect, it } from 'vitest'
import { otherCookies } from './other-cookies.ts'

const own = ['__Host-sessionId', 'auth_token']

it.each<[string | undefined, string | undefined]>([
  [undefined, undefined],
  ['', undefined],
  ['a=b; c="d e"', 'a=b; c="d e"'],
  ['__Host-sessionId=secret', undefined],
  ['a=b;__Host-sessionId=secret;c=d', 'a=b; c=d'],
  ['sessionId=secret; SESSIONID=x; __Secure-sessionid=y; a=b', 'a=b'],
  ['auth_token=x.y.z; AUTH_TOKEN = x; __Host-auth_token=z', undefined],
  ['sallyport_signed_in=1; __Host-sallyport_device=x; a=b', 'a=b'],
  ['sessionId; a=b', 'a=b'],
  ['\u00a0sessionId=secret; a=b', 'a=b'],
  ['"sessionId"=secret; a=b', 'a=b'],
  ['a=\u00e4; c=d', 'c=d'],
  ['mysessionId=1; sessionIdentity=2', 'mysessionId=1; sessionIdentity=2'],
])('RX.6 leaves of the cookies %j to an application %j', (header, expected) => {
  expect(otherCookies(header, own)).toBe(expected)
})
