// Reads what is appended to a file, whole lines only. Knows nothing of what the lines say.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const chunkBytes = 65_536

/**
 * Returns a reader of the whole lines that are new since it was asked last, at first of all there are.
 * It starts again when another file has the name, or when the file became shorter.
 */
export function createTail(path: string) {
  let inode: number | undefined
  let offset = 0
  let rest: Buffer = Buffer.alloc(0)

  function startAgainIfReplaced(file: number): void {
    const { ino, size } = fstatSync(file)
    if (ino !== inode || size < offset) {
      offset = 0
      rest = Buffer.alloc(0)
    }
    inode = ino
  }

  function readNewBytes(file: number): Buffer {
    const parts = [rest]
    for (;;) {
      const chunk = Buffer.alloc(chunkBytes)
      const length = readSync(file, chunk, 0, chunkBytes, offset)
      if (length === 0) return Buffer.concat(parts)
      offset += length
      parts.push(chunk.subarray(0, length))
    }
  }

  return function readNewLines(): string[] {
    const file = openIfThere(path)
    if (file === undefined) return []
    try {
      startAgainIfReplaced(file)
      const bytes = readNewBytes(file)
      const end = bytes.lastIndexOf('\n') + 1
      rest = bytes.subarray(end)
      return bytes.toString('utf8', 0, end).split('\n').slice(0, -1)
    } finally {
      closeSync(file)
    }
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
