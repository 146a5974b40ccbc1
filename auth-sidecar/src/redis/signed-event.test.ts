import type { AuthorityEvent } from '@sallyport/contracts/authority-event'
import { describe, expect, it } from 'vitest'
import { createEventSigner } from './signed-event.ts'

const signer = createEventSigner(Buffer.alloc(32, 1))
const event: AuthorityEvent = {
  type: 'session-ended',
  sessionId: 's1',
  subject: 'Ærøskøbing 🔑 "x" \n',
  scope: 'everything',
}
const place = { epoch: 'epoch_-1', sequence: 41 }

describe('an event as a line of text', () => {
  it('W96 is opened as it was signed, with its place', () => {
    const line = signer.sign(place, event)
    expect(signer.open(line)).toEqual({ epoch: 'epoch_-1', event: { ...event, sequence: 41 } })
  })

  it('W96 is not believed when any one character of it is another', () => {
    const line = signer.sign(place, { type: 'check-all' })
    for (let at = 0; at < line.length; at += 1) {
      const other = line[at] === 'x' ? 'y' : 'x'
      expect(signer.open(line.slice(0, at) + other + line.slice(at + 1))).toBeUndefined()
      expect(signer.open(line.slice(0, at) + line.slice(at + 1))).toBeUndefined()
    }
    for (const more of [`${line} `, ` ${line}`, `${line}\n`, `${line}${line}`]) {
      expect(signer.open(more)).toBeUndefined()
    }
  })

  it('W96 is not believed when another secret signed it, unless that is one of the ring', () => {
    const [old, young] = [Buffer.alloc(32, 2), Buffer.alloc(32, 3)]
    const line = createEventSigner(young).sign(place, event)
    expect(createEventSigner(old).open(line)).toBeUndefined()
    expect(createEventSigner(old, [young]).open(line)).toBeDefined()
    const byOld = createEventSigner(old, [young]).sign(place, event)
    expect(createEventSigner(young).open(byOld)).toBeUndefined()
  })

  it('W96 means asking about everything when a newer release wrote what is unknown here', () => {
    const newer = { type: 'galaxy-ended' } as unknown as AuthorityEvent
    expect(signer.open(signer.sign(place, newer))).toEqual({
      epoch: 'epoch_-1',
      event: { type: 'check-all', sequence: 41 },
    })
  })

  it.each([
    '',
    'nonsense',
    'e 1 mac {}',
    `e 0 ${'A'.repeat(43)} {}`,
    `e 1 ${'A'.repeat(43)} {}`,
    `e 01 ${'A'.repeat(43)} {}`,
    `e 1 ${'A'.repeat(43)} {${' '.repeat(10_000)}}`,
  ])('W96 is none of ours when it is %j', (line) => {
    expect(signer.open(line)).toBeUndefined()
  })
})
