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

const ended = { type: 'session-ended', subject: 'alice', scope: 'everything' } as const

const rounds = 15

/** Between the steps of a handshake; where a step is the machine's to time, every round tries another. */
const moments = [
  'before the handshake',
  'some turns after the connect',
  'before the judgement',
  'after the judgement',
  'with the answer',
  'after the welcome',
] as const

describe('a revocation', () => {
  it.each(moments)('SES-4 RX.2 leaves no survivor when it falls %s', async (moment) => {
    const revoked = new Set<string>()
    let sequence = 0
    const revoke = (sessionId: string) => {
      revoked.add(sessionId)
      sequence += 1
      running?.sidecar.say({ ...ended, sequence, sessionId })
    }
    // The sidecar judges when it is asked and answers late: the answer may be out of date when it arrives.
    const judge = async ({ sessionId }: { sessionId: string }) => {
      if (moment === 'before the judgement') revoke(sessionId)
      const verdict = revoked.has(sessionId) ? 'revoked' : 'good'
      if (moment === 'after the judgement') revoke(sessionId)
      await turns(Number(sessionId.slice(1)) % 7)
      if (moment === 'with the answer') revoke(sessionId)
      return verdict
    }
    running = await startTestBackend({ judge, limits: { endGraceMs: 20 } })
    const { open, sidecar, logged, logLines } = running
    await sidecar.feedOpened()
    sidecar.say({ type: 'position', epoch: 'epoch-1', sequence: 0 })
    await logged('the authority feed is connected')
    const codes: number[] = []
    for (let round = 1; round <= rounds; round += 1) {
      const sessionId = `s${round}`
      if (moment === 'before the handshake') revoke(sessionId)
      const opening = open({ sessionId })
      if (moment === 'some turns after the connect') {
        await turns(round * 4)
        revoke(sessionId)
      }
      const client = await opening
      if (moment === 'after the welcome') {
        await client.message('welcome')
        revoke(sessionId)
      }
      client.send(subscribe)
      codes.push(await client.closeCode())
      await client.closed
    }
    expect(codes).toEqual(Array.from({ length: rounds }, () => 4410))
    const welcomed = logLines.filter(({ msg }) => msg.includes('authenticated')).length
    // Where the moment decides it, so that the moments are known to be the ones they are called.
    if (moment === 'after the welcome') expect(welcomed).toBe(rounds)
    if (moment.startsWith('before')) expect(welcomed).toBe(0)
  })

  it('RX.1 in the middle of a broadcast: the advice is the last message that is sent', async () => {
    running = await startTestBackend({
      limits: {
        messagesPerSecond: 1e9,
        messageBurst: 1e9,
        publishBytesPerSecond: 1e9,
        publishBurstBytes: 1e9,
      },
    })
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
    sidecar.say({ ...ended, sequence: 1, sessionId: 'victim' })
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
