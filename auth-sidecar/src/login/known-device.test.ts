import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKnownDevices } from './known-device.ts'

const alice = { id: 'u1', passwordHash: 'hash one' }
const secret = new Uint8Array(32).fill(1)

function make(changes: { secret?: Uint8Array; secure?: boolean } = {}) {
  let nowMs = 1_800_000_000_000
  const devices = createKnownDevices({ secret, secure: false, now: () => nowMs, ...changes })
  const cookieOf = (setCookie: string) => setCookie.split(';')[0] ?? ''
  return {
    ...devices,
    cookie: cookieOf(devices.remember(alice, undefined)),
    cookieOf,
    advanceMs: (byMs: number) => {
      nowMs += byMs
    },
  }
}

describe('device cookie', () => {
  it('LIM-1 is recognised for the account that signed in with it, and keeps its id', () => {
    const { recognise, remember, cookie, cookieOf } = make()
    const id = recognise(`a=b; ${cookie}`, alice)
    expect(id).toMatch(/^[\w-]{22}$/)
    expect(recognise(cookieOf(remember(alice, id)), alice)).toBe(id)
    expect(recognise(cookieOf(remember(alice, undefined)), alice)).not.toBe(id)
  })

  it('LIM-1 is nothing to another account, a changed password, another secret, or nobody', () => {
    const { recognise, cookie } = make()
    expect(recognise(cookie, { ...alice, id: 'u2' })).toBeUndefined()
    expect(recognise(cookie, { ...alice, passwordHash: 'hash two' })).toBeUndefined()
    expect(recognise(cookie, undefined)).toBeUndefined()
    expect(make({ secret: new Uint8Array(32) }).recognise(cookie, alice)).toBeUndefined()
  })

  it('LIM-1 ends after thirty days', () => {
    const { recognise, cookie, advanceMs } = make()
    advanceMs(30 * 86_400_000 - 1000)
    expect(recognise(cookie, alice)).toBeDefined()
    advanceMs(1000)
    expect(recognise(cookie, alice)).toBeUndefined()
  })

  it('LIM-1 cannot be altered', () => {
    const { recognise, cookie } = make()
    const altered = fc.integer({ min: 'sallyport_device='.length, max: cookie.length - 2 })
    fc.assert(
      fc.property(altered, fc.constantFrom('A', 'b', '0', '.'), (index, character) => {
        const changed = cookie.slice(0, index) + character + cookie.slice(index + 1)
        fc.pre(changed !== cookie)
        expect(recognise(changed, alice)).toBeUndefined()
      }),
    )
  })

  it('COO-2 counts for nothing when it is named twice', () => {
    const { recognise, cookie } = make()
    expect(recognise(`${cookie}; ${cookie}`, alice)).toBeUndefined()
  })

  it('COO-1 is httpOnly, SameSite=Lax, tied to the host, and Secure in production', () => {
    const parts = make({ secure: true }).remember(alice, undefined).split('; ')
    expect(parts[0]).toMatch(/^__Host-sallyport_device=/)
    expect(parts.slice(1).sort()).toEqual(
      ['HttpOnly', 'Max-Age=2592000', 'Path=/', 'SameSite=Lax', 'Secure'].sort(),
    )
  })
})
