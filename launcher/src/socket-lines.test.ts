// What typed lines send and how answers look.

import { describe, expect, it } from 'vitest'
import { refusalOf } from './sign-in.ts'
import { parseTypedLine, showClose, showMessage, showRefusal } from './socket-lines.ts'

const read = (line: string) => parseTypedLine(line, () => '1')

describe('parseTypedLine', () => {
  it('makes messages from commands and sends raw JSON as it is', () => {
    const join = { type: 'subscribe', id: '1', data: { channel: 'room:lobby' } }
    expect(read('/join room:lobby')).toMatchObject({ value: { text: JSON.stringify(join) } })
    const say = { type: 'publish', id: '1', data: { channel: 'room:a', data: { text: 'b c' } } }
    expect(read('/say room:a b c')).toMatchObject({ value: { text: JSON.stringify(say) } })
    expect(read('{"type":"x","id":"9"}')).toEqual({
      ok: true,
      value: { kind: 'send', text: '{"type":"x","id":"9"}', id: '9' },
    })
  })

  it('gives a hint for plain words and for what is no channel, and sends neither', () => {
    expect(read('hello')).toMatchObject({ ok: false, error: expect.stringContaining('/help') })
    expect(read('/join lobby')).toMatchObject({
      ok: false,
      error: expect.stringContaining('room:lobby'),
    })
    expect(read('/help')).toMatchObject({ ok: false, error: expect.stringContaining('/join') })
  })

  it('answers an unknown command with help and sends nothing', () => {
    expect(read('/frobnicate').ok).toBe(false)
    expect(read('/say room:lobby').ok).toBe(false)
  })
})

describe('what is shown', () => {
  it('says what a close means', () => {
    expect(showClose(4401, 'token-invalid')).toBe(
      'closed 4401 token-invalid (auth: reconnect once with a new token)',
    )
    expect(showClose(1000, '')).toBe('closed 1000 normal')
    expect(showClose(1006, '')).toContain('closed 1006 lost')
  })

  it('R3.11 says why an upgrade was refused and how long to wait', () => {
    const problem = JSON.stringify({ code: 'rate-limited', detail: 'Too many\u001b attempts' })
    expect(showRefusal(429, '42', problem)).toEqual([
      'the upgrade was refused (429): rate-limited: Too many\\u001b attempts',
      '  wait 42 s',
    ])
    expect(showRefusal(502, undefined, 'Bad Gateway')).toEqual([
      'the upgrade was refused (502)',
      '  Bad Gateway',
    ])
    expect(refusalOf(429, '7', problem)).toMatch(/429.*rate-limited: .*sign-ins.*wait 7 s/)
  })

  it('shows no heartbeat and quotes what peers said', () => {
    expect(showMessage('{"type":"hb"}')).toBeUndefined()
    expect(showMessage('{"type":"ack","id":"1"}')).toBe('← ack #1')
    expect(showMessage('{"type":"event","data":{"text":"\\u001b[2J"}}')).not.toContain('\u001b')
  })
})
