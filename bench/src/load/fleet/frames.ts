// WebSocket frames (RFC 6455 5.2) from a client's side, as far as this bench needs them: a server sends unmasked and
// whole ones. By hand, so that ten thousand sockets cost the load little.

import { randomBytes } from 'node:crypto'

export const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const

export type Frame = { readonly opcode: number; readonly payload: Buffer }

/** Returns what is given each chunk of a stream and yields the frames that are complete by it. */
export function createFrameReader(): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const frames: Frame[] = []
    for (let next = readFrame(rest); next; next = readFrame(rest)) {
      frames.push(next.frame)
      rest = rest.subarray(next.length)
    }
    return frames
  }
}

function readFrame(bytes: Buffer): { frame: Frame; length: number } | undefined {
  const [first, second] = bytes
  if (first === undefined || second === undefined) return undefined
  const short = second & 127
  const headLength = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < headLength) return undefined
  const size = payloadSize(bytes, short)
  const length = headLength + size
  if (bytes.length < length) return undefined
  return { frame: { opcode: first & 15, payload: bytes.subarray(headLength, length) }, length }
}

function payloadSize(bytes: Buffer, short: number): number {
  if (short === 126) return bytes.readUInt16BE(2)
  return short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
}

/** A whole masked frame; throws for a payload of 65,536 bytes or more. */
export function maskedFrame(opcode: number, payload: Uint8Array): Buffer {
  const size = payload.length
  const first = 0x80 | opcode
  const head = Buffer.from(
    size < 126 ? [first, 0x80 | size] : [first, 0x80 | 126, size >> 8, size & 255],
  )
  if (size > 65_535) throw new Error('the frame is too long')
  const mask = randomBytes(4)
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))])
}

/** The code of a close frame; 1005 when it says none. */
export function closeCodeOf(payload: Buffer): number {
  return payload.length < 2 ? 1005 : payload.readUInt16BE(0)
}
