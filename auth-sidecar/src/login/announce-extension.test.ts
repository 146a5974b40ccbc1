import { describe, expect, it } from 'vitest'
import type { AuthorityChange } from '../authority/authority-store.ts'
import { createExtensionAnnouncer } from './announce-extension.ts'

const alice = { sessionId: 's1', subject: 'alice' }
const token = { id: 't2', keyId: 'k', issuedAtMs: 1_000_000 }
const until = (expiresAtMs: number, id = 't2') => ({ expiresAtMs, token: { ...token, id } })

function make() {
  const applied: AuthorityChange[] = []
  let nowMs = 1_000_000
  let outage: Error | undefined
  const apply = async (change: AuthorityChange) => {
    await Promise.resolve()
    if (outage) throw outage
    return { epoch: 'e', sequence: applied.push(change) }
  }
  return {
    applied,
    announce: createExtensionAnnouncer({ authorities: { apply }, now: () => nowMs }),
    advanceMs: (byMs: number) => {
      nowMs += byMs
    },
    breakWith: (error: Error | undefined) => {
      outage = error
    },
  }
}

describe('an extension', () => {
  it('R3.7 RX.3 says whose session lasts until when, and by which token', async () => {
    const { announce, applied } = make()
    await announce(alice, until(1_600_000))
    expect(applied).toEqual([{ type: 'extend-session', ...alice, expiresAtMs: 1_600_000, token }])
  })

  it('RX.11 is said once however often a session is refreshed within the same second', async () => {
    const { announce, applied, advanceMs } = make()
    await Promise.all(
      Array.from({ length: 100 }, (_, n) => announce(alice, until(1_600_000, `t${n}`))),
    )
    advanceMs(500)
    await announce(alice, until(1_600_000))
    expect(applied).toHaveLength(1)
    await announce(alice, until(1_601_000))
    await announce({ sessionId: 's2', subject: 'alice' }, until(1_601_000))
    expect(applied).toHaveLength(3)
  })

  it('R3.7 is said again when it is long ago that it was', async () => {
    const { announce, applied, advanceMs } = make()
    await announce(alice, until(1_600_000))
    advanceMs(1000)
    await announce(alice, until(1_600_000))
    expect(applied).toHaveLength(2)
  })

  it('R3.7 that nobody heard of fails everybody who waits for it, and is said anew by the next', async () => {
    const { announce, applied, breakWith } = make()
    breakWith(new Error('out'))
    const both = await Promise.allSettled([
      announce(alice, until(1_600_000)),
      announce(alice, until(1_600_000)),
    ])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    breakWith(undefined)
    await announce(alice, until(1_600_000))
    expect(applied).toHaveLength(1)
  })
})
