// One socket of a backend that is held: nothing is handled, nothing sent but a goodbye, and afterwards all in order.

import { closeCodes } from '@sallyport/contracts/close-codes'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { goodbyeOf, makeConnection, makeLive, text } from './test-connection.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const publish = (id: string) => text('publish', { channel: 'room:x', data: {} }, id)

function makeHeld() {
  const made = makeLive()
  made.held.is = true
  const handled = () => made.handle.mock.calls.map(([, message]) => message.id)
  return { ...made, handled }
}

describe('a held socket', () => {
  it('W86 keeps what came and is not read, then handles it in order and is read again', () => {
    const { connection, done, handled, release } = makeHeld()
    for (const id of ['a', 'b']) connection.receiveText(publish(id))
    expect([handled(), done]).toEqual([[], ['pause', 'pause']])
    release()
    expect([handled(), done.at(-1)]).toEqual([['a', 'b'], 'resume'])
    connection.receiveText(publish('c'))
    expect(handled()).toEqual(['a', 'b', 'c'])
  })

  it('SES-4 W86 that is ended meanwhile says goodbye and handles nothing of it', () => {
    const { connection, done, handled, release } = makeHeld()
    connection.receiveText(publish('a'))
    connection.end('sessionRevoked')
    connection.receiveText(publish('b'))
    release()
    expect([handled(), done]).toEqual([[], ['pause', ...goodbyeOf(4410)]])
  })

  it('SES-4 W86 that is marked dead handles nothing of it either', () => {
    const { connection, handled, release } = makeHeld()
    connection.receiveText(publish('a'))
    connection.markDead('sessionRevoked')
    release()
    expect(handled()).toEqual([])
  })

  it('R0.9 ends on time by its own expiry', () => {
    const { connection, done, handled, release } = makeHeld()
    connection.receiveText(publish('a'))
    vi.advanceTimersByTime(60_000)
    release()
    expect(handled()).toEqual([])
    expect(done).toContain('close 4401')
  })

  it('misses events, which are counted, and gets answers afterwards', () => {
    const { connection, done, sent, release } = makeHeld()
    connection.sendEvent('{"type":"event"}')
    connection.send('{"type":"ack"}')
    expect([done, sent]).toEqual([['event dropped', 'pause'], []])
    release()
    expect(sent).toEqual([{ type: 'ack' }])
    connection.sendEvent('{"type":"event"}')
    expect(sent).toHaveLength(2)
  })

  it('answers between what it handles, and keeps the rest when it is held again', () => {
    const { connection, sent, held, handle, handled, release } = makeHeld()
    for (const id of ['a', 'b', 'c']) connection.receiveText(publish(id))
    handle.mockImplementation((_, { id }) => {
      connection.send(JSON.stringify({ type: 'ack', id }))
      if (id === 'b') held.is = true
    })
    release()
    expect([handled(), sent.map(({ id }) => id)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
    release()
    expect(handled()).toEqual(['a', 'b', 'c'])
  })

  it('is not welcomed on an answer from before', () => {
    const { connection, held, sent, release } = makeConnection({ early: [publish('a')] })
    held.is = true
    connection.confirm()
    expect([sent, connection.isLive()]).toEqual([[], false])
    release()
    expect(sent).toMatchObject([{ type: 'welcome' }])
    expect(connection.isLive()).toBe(true)
  })

  it('ends when what it had sent cannot be handled', () => {
    const { connection, done, handle, release } = makeHeld()
    handle.mockImplementation(() => {
      throw new Error('a bug')
    })
    connection.receiveText(publish('a'))
    release()
    expect(done).toContain(`close ${closeCodes.internal.code}`)
  })
})
