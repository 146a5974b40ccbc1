import { describe, expect, it } from 'vitest'
import { type Cursor, readStream, type StreamEntry } from './read-stream.ts'
import { createEventSigner } from './signed-event.ts'

const signer = createEventSigner(Buffer.alloc(32, 1))
const stranger = createEventSigner(Buffer.alloc(32, 2))
const epoch = 'e'

const lineAt = (sequence: number, connectionId = `c${sequence}`) =>
  signer.sign({ epoch, sequence }, { type: 'connection-ended', connectionId })
const entryAt = (sequence: number): StreamEntry => ({
  id: `${sequence}-0`,
  line: lineAt(sequence),
})
const forgedAt = (id: string): StreamEntry => ({
  id,
  line: stranger.sign({ epoch, sequence: Number.parseInt(id, 10) }, { type: 'check-all' }),
})
const cursorAt = (sequence: number): Cursor => ({ epoch, sequence, line: lineAt(sequence) })

function read(
  entries: readonly StreamEntry[],
  {
    at = 3,
    head = cursorAt(6),
    isFull = false,
  }: { at?: number; head?: Cursor; isFull?: boolean } = {},
) {
  const page = { asked: cursorAt(3), head, entries, isFull }
  const { delivered, forgedIds, next } = readStream(page, at, signer)
  return { numbers: delivered.map(({ event }) => event.sequence), forgedIds, next }
}

describe('reading the stream of events', () => {
  it('SES-5 delivers what comes after the cursor, in order', () => {
    expect(read([3, 4, 5, 6].map(entryAt))).toEqual({
      numbers: [4, 5, 6],
      forgedIds: [],
      next: 'done',
    })
  })

  it('SES-5 delivers nothing twice that came while it was asked', () => {
    expect(read([3, 4, 5, 6].map(entryAt), { at: 5 })).toMatchObject({ numbers: [6] })
    expect(read([3, 4, 5, 6].map(entryAt), { at: 7 })).toMatchObject({ numbers: [], next: 'done' })
  })

  it('SES-5 goes on with the next page while there is one', () => {
    expect(read([3, 4].map(entryAt), { isFull: true })).toMatchObject({
      numbers: [4],
      next: 'more',
    })
  })

  it('SES-5 needs not the event at the cursor itself', () => {
    expect(read([4, 5, 6].map(entryAt))).toMatchObject({ numbers: [4, 5, 6], next: 'done' })
  })

  it.each<[string, StreamEntry[], number[]]>([
    ['the beginning was trimmed', [5, 6].map(entryAt), []],
    ['one in between is gone', [3, 4, 6].map(entryAt), [4]],
    ['the end is gone', [3, 4, 5].map(entryAt), [4, 5]],
    ['everything is gone', [], []],
    ['one was replaced', [entryAt(3), entryAt(4), forgedAt('5-0'), entryAt(6)], [4]],
    ['one stands where another was', [entryAt(3), { ...entryAt(5), id: '4-0' }], []],
  ])('SES-5 W96 resyncs when %s', (_name, entries, numbers) => {
    expect(read(entries)).toMatchObject({ numbers, next: 'resync' })
  })

  it('W96 resyncs rather than read a page of forgeries again and again', () => {
    const entries = [entryAt(3), ...Array.from({ length: 20 }, (_, at) => forgedAt(`3-${at + 1}`))]
    expect(read(entries, { isFull: true })).toMatchObject({ numbers: [], next: 'resync' })
  })

  it('W96 passes over what no sidecar wrote, and names it', () => {
    const entries = [entryAt(3), forgedAt('3-1'), ...[4, 5, 6].map(entryAt), forgedAt('7-0')]
    expect(read(entries)).toEqual({
      numbers: [4, 5, 6],
      forgedIds: ['3-1', '7-0'],
      next: 'done',
    })
  })

  it('W96 takes a genuine line of another epoch, or with no line, for none of ours', () => {
    const other = signer.sign({ epoch: 'other', sequence: 4 }, { type: 'check-all' })
    const entries = [entryAt(3), { id: '4-0', line: other }, { id: '5-0', line: '' }]
    expect(read(entries)).toMatchObject({ forgedIds: ['4-0', '5-0'], next: 'resync' })
  })

  it.each<[string, StreamEntry[], Cursor]>([
    [
      'another event stands at the cursor',
      [{ id: '3-0', line: lineAt(3, 'other') }, entryAt(4), entryAt(5), entryAt(6)],
      cursorAt(6),
    ],
    ['the head tells of another event there', [], { ...cursorAt(3), line: lineAt(3, 'other') }],
    ['a genuine event stands beyond the head', [3, 4, 5].map(entryAt), cursorAt(4)],
  ])('W94 sees another history when %s', (_name, entries, head) => {
    expect(read(entries, { head }).next).toBe('forked')
  })
})
