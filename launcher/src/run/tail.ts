// Reads what is appended to a file, whole lines only. Knows nothing of what the lines say.

import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'

const chunkBytes = 65_536

/** Returns a reader of whole lines appended after `fromByte`; it starts again when the file was replaced. */
export function createTail(path: string, fromByte: number) {
  let offset = fromByte
  let rest = Buffer.alloc(0)
  return function readNewLines(): string[] {
    if (!existsSync(path)) return []
    const file = openSync(path, 'r')
    try {
      if (fstatSync(file).size < offset) offset = 0
      const chunk = Buffer.alloc(chunkBytes)
      const length = readSync(file, chunk, 0, chunkBytes, offset)
      offset += length
      const bytes = Buffer.concat([rest, chunk.subarray(0, length)])
      const end = bytes.lastIndexOf('\n') + 1
      rest = bytes.subarray(end)
      return bytes.toString('utf8', 0, end).split('\n').slice(0, -1)
    } finally {
      closeSync(file)
    }
  }
}
