import { describe, expect, it } from 'vitest'
import { closeCodeOf, createFrameReader, maskedFrame, opcodes } from './frames.ts'

/** A whole unmasked frame, as servers send one. */
function served(text: string, form: 'short' | 'medium' | 'long' = 'short'): Buffer {
  const payload = Buffer.from(text)
  const head = Buffer.alloc(form === 'short' ? 2 : form === 'medium' ? 4 : 10)
  head[0] = 0x81
  head[1] = form === 'short' ? payload.length : form === 'medium' ? 126 : 127
  if (form === 'medium') head.writeUInt16BE(payload.length, 2)
  if (form === 'long') head.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([head, payload])
}

const textsOf = (frames: readonly { payload: Buffer }[]) =>
  frames.map(({ payload }) => payload.toString())

describe('frames of a server', () => {
  it('are found one, several and none in a chunk', () => {
    const read = createFrameReader()
    const bytes = Buffer.concat([served('one'), served('two'), served('three')])
    expect(textsOf(read(bytes.subarray(0, 12)))).toEqual(['one', 'two'])
    expect(read(bytes.subarray(12, 14))).toEqual([])
    expect(textsOf(read(bytes.subarray(14)))).toEqual(['three'])
  })

  it('are found when every byte comes alone', () => {
    const read = createFrameReader()
    const long = 'x'.repeat(300)
    const bytes = Buffer.concat([served(''), served(long, 'medium'), served('end', 'long')])
    const texts = [...bytes].flatMap((byte) => textsOf(read(Buffer.from([byte]))))
    expect(texts).toEqual(['', long, 'end'])
  })

  it('of closing tell their code', () => {
    expect(closeCodeOf(Buffer.from([0x11, 0x3a, 120]))).toBe(4410)
    expect(closeCodeOf(Buffer.alloc(0))).toBe(1005)
  })
})

describe('frames of a client', () => {
  it.each([0, 5, 125, 126, 70, 65_535])('of %d bytes are masked and whole', (size) => {
    const payload = Buffer.alloc(size, 'abc')
    const frame = maskedFrame(opcodes.text, payload)
    const headLength = size < 126 ? 2 : 4
    expect(frame[0]).toBe(0x81)
    expect((frame[1] ?? 0) & 0x80).toBe(0x80)
    const mask = frame.subarray(headLength, headLength + 4)
    const masked = frame.subarray(headLength + 4)
    expect(masked.map((byte, index) => byte ^ (mask[index % 4] ?? 0))).toEqual(payload)
  })

  it('are not made when they are too long', () => {
    expect(() => maskedFrame(opcodes.text, Buffer.alloc(65_536))).toThrow('too long')
  })
})
