// What the page says and where it connects: small pure functions of the page.

import { describe, expect, it } from 'vitest'
import { readMessage } from './chat/read-message.ts'
import { roomSentence } from './chat/room-words.ts'
import { describeConnection, nextTrySentence } from './connection/connection-words.ts'
import { isLoopbackName } from './loopback-name.ts'
import { faultSentence, signOutSentence } from './session/session-words.ts'
import { socketUrl } from './socket-url.ts'

describe('words', () => {
  it.each([
    [1, 'one second'],
    [0.2, 'one second'],
    [42, '42 seconds'],
    [600, '10 minutes'],
  ])('R2.9 says how long to wait after too many attempts: %d s', (seconds, words) => {
    const fault = { kind: 'rate-limited', retryAfterSeconds: seconds } as const
    expect(faultSentence(fault)).toContain(`wait ${words} and`)
  })

  it('R2.9 blames the network and the server for their own faults, and nobody’s password', () => {
    expect(faultSentence({ kind: 'unreachable' })).toContain('connection')
    expect(faultSentence({ kind: 'unavailable' })).not.toContain('password')
  })

  it('R2.7 says that a session was ended in those words', () => {
    expect(signOutSentence('session-ended')).toContain('This session was ended.')
  })

  it('R0.8 has a tone and a label for every state', () => {
    const progress = { attempt: 0, secondChanceUsed: false }
    const waiting = {
      phase: 'waiting-for-token',
      ...progress,
      reason: 'connect',
      delayMs: 0,
    } as const
    const tones = [
      describeConnection({ phase: 'idle' }),
      describeConnection({ ...waiting, parked: false }),
      describeConnection({ ...waiting, parked: true }),
      describeConnection({ phase: 'connecting', ...progress }),
      describeConnection({ phase: 'open', ...progress, connectionId: 'c' }),
      describeConnection({ phase: 'backing-off', ...progress, delayMs: 1, category: 'server' }),
      describeConnection({ phase: 'ended', outcome: 'unknown' }),
    ]
    expect(tones.map(({ tone }) => tone)).toEqual([
      'off',
      'busy',
      'busy',
      'busy',
      'good',
      'trouble',
      'off',
    ])
    expect(tones[4]?.label).toBe('Connected')
  })

  it.each([
    [400, 'Next try in one second.'],
    [4200, 'Next try in 5 seconds.'],
    [30_000, 'Next try in 30 seconds.'],
    [0, 'Trying now…'],
    [undefined, 'Trying now…'],
  ])('R2.9 says when the next try comes: %s ms', (leftMs, words) => {
    expect(nextTrySentence(leftMs)).toBe(words)
  })

  it('says where one stands with a room', () => {
    expect(roomSentence(true, 'open')).toContain('in the room')
    expect(roomSentence(false, 'open')).toContain('Entering')
    expect(roomSentence(false, 'backing-off')).toContain('Waiting')
  })
})

describe('readMessage', () => {
  const event = {
    key: 1,
    channel: 'room:lobby',
    data: { text: 'hi' },
    from: { userId: 'b', username: 'bob' },
    at: '2030-01-01T10:00:00.000Z',
  }

  it('reads text, sender and time, and survives a time that is none', () => {
    expect(readMessage(event)).toMatchObject({ from: 'bob', text: 'hi' })
    expect(readMessage(event)?.time).toMatch(/\d/)
    expect(readMessage({ ...event, at: 'yesterday' })).toMatchObject({ text: 'hi', time: '' })
  })

  it.each([
    {},
    { text: 7 },
    { text: '  ' },
    { text: { html: 'x' } },
  ])('shows nothing for what is no text: %j', (data) => {
    expect(readMessage({ ...event, data })).toBeUndefined()
  })
})

it.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['[::1]', true],
  ['localhost.example', false],
  ['127.0.0.1.example', false],
  ['', false],
])('knows the names of the loopback: %s', (hostname, isLoopback) => {
  expect(isLoopbackName(hostname)).toBe(isLoopback)
})

it('finds the socket beside the page, whatever address it was opened under', () => {
  expect(socketUrl({ protocol: 'http:', host: 'localhost:8080' })).toBe('ws://localhost:8080/ws')
  expect(socketUrl({ protocol: 'https:', host: '[::1]:8443' })).toBe('wss://[::1]:8443/ws')
})
