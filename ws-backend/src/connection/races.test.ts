// Revocations that fall between two steps of a socket's life. A survivor here would be a breach.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { clientFrame, opcodes } from '../testing/raw-client.ts'
import { startTestBackend, type TestBackend } from '../testing/test-backend.ts'

let running: TestBackend | undefined

afterEach(async () => {
  await running?.close()
  running = undefined
})

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await nextTurn()
}

const subscribe = { type: 'subscribe', id: 's', data: { channel: 'room:a' } }

describe('a revocation', () => {
  it('SES-4 RX.2 leaves no survivor, whenever it falls between the handshake and live', async () => {
    const revoked = new Set<string>()
    // The sidecar judges when it is asked and answers late: the answer may be out of date when it arrives.
    const judge = async ({ sessionId }: { sessionId: string }) => {
      const verdict = revoked.has(sessionId) ? 'revoked' : 'good'
      await turns(Number(sessionId.slice(1)) % 7)
      return verdict
    }
    running = await startTestBackend({ judge, limits: { endGraceMs: 20 } })
    const { open, sidecar, logged, logLines } = running
    await sidecar.feedOpened()
    sidecar.say({ type: 'position', epoch: 'epoch-1', sequence: 0 })
    await logged('the authority feed is connected')
    const codes: number[] = []
    for (let round = 1; round <= 80; round += 1) {
      const sessionId = `s${round}`
      const opening = open({ sessionId })
      await turns(round)
      revoked.add(sessionId)
      sidecar.say({ type: 'session-ended', sequence: round, sessionId, subject: 'alice' })
      const client = await opening
      client.send(subscribe)
      codes.push(await client.closeCode())
      await client.closed
    }
    expect(new Set(codes)).toEqual(new Set([4410]))
    const welcomed = logLines.filter(({ msg }) => msg.includes('authenticated')).length
    // Both kinds of race must have happened for this to mean anything.
    expect(welcomed).toBeGreaterThan(0)
    expect(welcomed).toBeLessThan(80)
  })

  it('RX.1 in the middle of a broadcast: the advice is the last message that is sent', async () => {
    running = await startTestBackend({ limits: { messagesPerSecond: 1e9, messageBurst: 1e9 } })
    const { openLive, sidecar } = running
    const [victim, talker] = await Promise.all([
      openLive({ sessionId: 'victim' }),
      openLive({ sessionId: 'talker' }),
    ])
    victim.send(subscribe)
    await victim.message('subscribed')
    const event = JSON.stringify({ type: 'publish', data: { channel: 'room:a', data: {} } })
    const frames = Buffer.concat(Array.from({ length: 20 }, () => clientFrame(opcodes.text, event)))
    const pump = () => {
      if (talker.socket.writable) talker.socket.write(frames, () => setImmediate(pump))
    }
    pump()
    await victim.message('event')
    sidecar.say({ type: 'session-ended', sequence: 1, sessionId: 'victim', subject: 'alice' })
    await victim.closed
    talker.socket.destroy()
    const last = victim.frames.slice(-2)
    expect(last.map(({ opcode, json }) => json?.type ?? opcode)).toEqual([
      'disconnect',
      opcodes.close,
    ])
    expect(victim.messages().filter(({ type }) => type === 'disconnect')).toHaveLength(1)
  })
})
