// A browser that has signed in to an account before carries the proof in a cookie (OWASP "device cookie"). Guesses of
// strangers then cannot lock its owner out: the account's limit is not asked, only limits of the device's own.
// Proves no identity. Nothing is stored: a MAC binds it to the account and to its present password.

import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readCookie } from '../credentials/cookie-header.ts'
import type { User } from './password-hash.ts'
import { cookieName, httpOnlyCookie } from './session-cookies.ts'

type Account = Pick<User, 'id' | 'passwordHash'>

export type KnownDevices = {
  /** The id of the device that the cookie proves for this account; undefined for none. */
  readonly recognise: (
    cookieHeader: string | undefined,
    account: Account | undefined,
  ) => string | undefined
  /** A `Set-Cookie` value for a device that has just signed in; `known` keeps its id. */
  readonly remember: (account: Account, known: string | undefined) => string
}

export type KnownDevicesOptions = {
  /** At least 32 random bytes, for this purpose only. */
  readonly secret: Uint8Array
  readonly secure: boolean
  readonly now: () => number
}

/** Name of the cookie, without prefix. */
const deviceCookieName = 'sallyport_device'

const dayMs = 86_400_000
const lifeMs = 30 * dayMs
/** Id, end of its life in seconds, MAC. */
const valueForm = /^([A-Za-z0-9_-]{22})\.(\d{10})\.([A-Za-z0-9_-]{43})$/

/** Makes and reads the cookie. */
export function createKnownDevices({ secret, secure, now }: KnownDevicesOptions): KnownDevices {
  const name = cookieName(deviceCookieName, secure)

  function macOf(account: Account, deviceId: string, expiresAtSeconds: string): Buffer {
    // A changed password has another hash: it voids every device, which an attacker's may be one of.
    const parts = [account.id, hash('sha256', account.passwordHash), deviceId, expiresAtSeconds]
    return createHmac('sha256', secret).update(JSON.stringify(parts)).digest()
  }

  return {
    recognise(cookieHeader, account) {
      const cookie = readCookie(cookieHeader, name)
      const value = cookie.ok ? (cookie.value ?? '') : ''
      const [, deviceId, expiresAtSeconds, mac] = valueForm.exec(value) ?? []
      if (!account || !deviceId || !expiresAtSeconds || !mac) return undefined
      if (Number(expiresAtSeconds) * 1000 <= now()) return undefined
      const expected = macOf(account, deviceId, expiresAtSeconds)
      return timingSafeEqual(expected, Buffer.from(mac, 'base64url')) ? deviceId : undefined
    },
    remember(account, known) {
      const deviceId = known ?? randomBytes(16).toString('base64url')
      const expiresAtSeconds = `${Math.floor((now() + lifeMs) / 1000)}`
      const mac = macOf(account, deviceId, expiresAtSeconds).toString('base64url')
      const value = `${deviceId}.${expiresAtSeconds}.${mac}`
      return httpOnlyCookie(deviceCookieName, value, lifeMs, { secure })
    },
  }
}
