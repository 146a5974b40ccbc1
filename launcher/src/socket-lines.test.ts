// What typed lines send and how answers look.

import { describe, expect, it } from 'vitest'
import { parseTypedLine, showClose, showMessage } from './socket-lines.ts'

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
    expect(showClose(1006, '')).toContain('closed 1006 lost')
  })

  it('shows no heartbeat and quotes what peers said', () => {
    expect(showMessage('{"type":"hb"}')).toBeUndefined()
    expect(showMessage('{"type":"ack","id":"1"}')).toBe('← ack #1')
    expect(showMessage('{"type":"event","data":{"text":"\\u001b[2J"}}')).not.toContain('\u001b')
  })
})
