import { describe, expect, it } from 'vitest'
import { parseClientMessage } from './client-message.ts'
import { maxMessageDepth, parseEnvelope } from './envelope.ts'
import { parseServerMessage } from './server-message.ts'

describe('envelope', () => {
  it('R1.4 accepts type, id and an object of data', () => {
    const text = '{"type":"publish","id":"1","data":{"channel":"room:a","data":{}}}'
    expect(parseEnvelope(text)).toEqual({ ok: true, value: JSON.parse(text) })
  })

  it.each([
    '',
    'x',
    'null',
    '[]',
    '"text"',
    '{}',
    '{"type":1}',
    '{"type":"a","id":1}',
    '{"type":"a","data":[]}',
    `{"type":"${'a'.repeat(65)}"}`,
  ])('RX.11 refuses %s', (text) => {
    expect(parseEnvelope(text).ok).toBe(false)
  })

  it('J26 refuses nesting beyond its bound before parsing it', () => {
    const nested = (depth: number) =>
      `{"type":"a","data":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`
    expect(parseEnvelope(nested(maxMessageDepth - 1)).ok).toBe(true)
    expect(parseEnvelope(nested(maxMessageDepth))).toEqual({ ok: false, error: 'too-deep' })
    expect(parseEnvelope('['.repeat(60_000))).toEqual({ ok: false, error: 'too-deep' })
  })

  it('RX.11 does not count brackets inside strings as nesting', () => {
    const text = JSON.stringify({ type: 'a', data: { text: '[{"'.repeat(100) } })
    expect(parseEnvelope(text).ok).toBe(true)
  })
})

describe('client message', () => {
  it('R1.4 narrows the three types and drops what is not theirs', () => {
    const parsed = parseClientMessage({
      type: 'subscribe',
      id: '7',
      data: { channel: 'room:a', x: 1 },
    })
    expect(parsed).toEqual({ ok: true, value: { type: 'subscribe', id: '7', channel: 'room:a' } })
  })

  it.each([
    ['unknown-type', { type: 'authenticated', data: { token: 'x' } }],
    ['already-authenticated', { type: 'authenticate', data: { token: 'x' } }],
    ['already-authenticated', { type: 'authenticate' }],
    ['bad-channel', { type: 'subscribe', data: { channel: 'room:' } }],
    ['bad-channel', { type: 'subscribe', data: { channel: 'ROOM:a' } }],
    ['bad-channel', { type: 'subscribe' }],
    ['bad-data', { type: 'publish', data: { channel: 'room:a' } }],
    ['bad-data', { type: 'publish', data: { channel: 'room:a', data: [1] } }],
  ])('RX.11 refuses with %s', (error, envelope) => {
    expect(parseClientMessage(envelope)).toEqual({ ok: false, error })
  })
})

describe('server message', () => {
  it('R2.9 lets a client ignore a type it does not know', () => {
    expect(parseServerMessage('{"type":"later"}')).toEqual({ ok: false, error: 'unknown-type' })
    expect(parseServerMessage('{"type":"welcome"}')).toEqual({ ok: false, error: 'unknown-type' })
    expect(parseServerMessage('{"type":"hb"}').ok).toBe(true)
  })
})
