// The furthest place that was seen in each epoch. A Redis that stands further back than that has lost something: it was
// restored from a copy, or another took over that had not heard everything. Kept in a file, where there is a folder, so
// that a restart of both at once does not hide it.

import { readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { FeedPosition } from '../authority/authority-store.ts'

export type SeenPositions = {
  /** Never changes once it was given out: it says what was known at that moment. */
  readonly all: () => readonly FeedPosition[]
  readonly note: (position: FeedPosition) => void
  readonly close: () => Promise<void>
}

export type SeenPositionsOptions = {
  readonly file?: string | undefined
  /** Told when the file could not be read or written: `reason` is a code. */
  readonly onFault: (reason: string) => void
}

const maxEpochs = 8
const writeIntervalMs = 1000

const fileSchema = z.array(
  z.object({ epoch: z.string().min(1).max(64), sequence: z.number().int().nonnegative() }),
)

/** Begins with what the file says. */
export function createSeenPositions({ file, onFault }: SeenPositionsOptions): SeenPositions {
  let seen = file === undefined ? [] : readPositions(file, onFault)
  let timer: NodeJS.Timeout | undefined
  let writing = Promise.resolve()
  let isClosed = false

  function write(): void {
    timer = undefined
    if (file === undefined) return
    const text = JSON.stringify(seen)
    // Of this process: two that share a folder by mistake must not write into one another.
    const draft = `${file}.${process.pid}`
    writing = writing
      .then(() => mkdir(dirname(file), { recursive: true, mode: 0o700 }))
      .then(() => writeFile(draft, text, { mode: 0o600 }))
      .then(() => rename(draft, file))
      .catch((error: unknown) => onFault(codeOf(error)))
  }

  return {
    all: () => seen,
    note(position) {
      const before = seen.find(({ epoch }) => epoch === position.epoch)
      if (before && before.sequence >= position.sequence) return
      const others = seen.filter((each) => each !== before).slice(0, maxEpochs - 1)
      seen = [{ epoch: position.epoch, sequence: position.sequence }, ...others]
      if (file !== undefined && !isClosed) timer ??= setTimeout(write, writeIntervalMs)
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      if (timer) write()
      await writing
    },
  }
}

/** True when a place lies before one that was seen in its epoch. */
export function isBehind(position: FeedPosition, seen: readonly FeedPosition[]): boolean {
  return seen.some(
    ({ epoch, sequence }) => epoch === position.epoch && sequence > position.sequence,
  )
}

function readPositions(file: string, onFault: (reason: string) => void): readonly FeedPosition[] {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).slice(0, maxEpochs)
  } catch (error) {
    const code = codeOf(error)
    if (code !== 'ENOENT') onFault(code)
    return []
  }
}

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? 'unreadable'
