// Steps of writing and looking, one after the other, on real files; clock and folder events are the test's. The last one
// is about real folders and real time.

import { EventEmitter } from 'node:events'
import type { watch } from 'node:fs'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FileFollower, type FollowFilesOptions, followFiles } from './follow-file.ts'

const folderWatch = vi.hoisted(() => ({ tell: () => {}, isReal: false }))

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<{ watch: typeof watch }>()
  const told = (_folder: string, _options: object, onEvent: () => void) => {
    folderWatch.tell = onEvent
    return Object.assign(new EventEmitter(), { close: () => {} })
  }
  return {
    ...real,
    watch: ((...args: Parameters<typeof told>) =>
      folderWatch.isReal ? real.watch(...args) : told(...args)) as unknown as typeof watch,
  }
})

let folder: string
let paths: readonly [string, string]
let follower: FileFollower
let told: (readonly string[])[]
let refusals: number

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-follow-'))
  paths = [join(folder, 'first'), join(folder, 'second')]
  told = []
  refusals = 0
  for (const path of paths) writeFileSync(path, 'old')
})

afterEach(async () => {
  await follower.close()
  vi.useRealTimers()
  rmSync(folder, { recursive: true })
})

function follow(changes: Partial<FollowFilesOptions> = {}): void {
  follower = followFiles({
    paths,
    inForce: ['old', 'old'],
    onChange: (texts) => void told.push(texts),
    onRefused: () => {
      refusals += 1
    },
    ...changes,
  })
}

/** As editors and rotations do it: a new file in the old one's place. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

describe('on a clock of the test', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

  it('RX.14 tells the texts of all files once they have been the same for 50 ms', async () => {
    follow()
    replace(paths[0], 'new')
    folderWatch.tell()
    await pass(50)
    replace(paths[1], 'newer')
    folderWatch.tell()
    await pass(50)
    expect(told).toEqual([])
    await pass(50)
    expect(told).toEqual([['new', 'newer']])
  })

  it('RX.14 sees a change within a second and a bit where the folder tells of nothing', async () => {
    follow()
    await pass(10)
    replace(paths[0], 'new')
    await pass(1050)
    expect(told).toEqual([['new', 'old']])
  })

  it('RX.14 takes a text that was written in place, and not before it is whole', async () => {
    follow()
    writeFileSync(paths[0], 'ne')
    folderWatch.tell()
    await pass(50)
    writeFileSync(paths[0], 'new')
    await pass(50)
    expect(told).toEqual([])
    await pass(50)
    expect(told).toEqual([['new', 'old']])
  })

  it('RX.14 changes nothing while a file is missing, nor for the same text written again', async () => {
    follow()
    rmSync(paths[1])
    replace(paths[0], 'new')
    await pass(10_000)
    expect(told).toEqual([])
    replace(paths[0], 'old')
    replace(paths[1], 'old')
    await pass(10_000)
    expect(told).toEqual([])
    replace(paths[1], 'new')
    await pass(1100)
    expect(told).toEqual([['old', 'new']])
  })

  it('RX.14 tells the first texts, too, when none are in force', async () => {
    follow({ inForce: undefined })
    await pass(50)
    expect(told).toEqual([['old', 'old']])
  })

  it('RX.14 says once that a change was not taken, and takes the next one', async () => {
    follow({
      onChange: (texts) => {
        if (texts.includes('bad')) throw new Error('a secret')
        told.push(texts)
      },
    })
    replace(paths[0], 'bad')
    await pass(10_000)
    expect(refusals).toBe(1)
    replace(paths[0], 'old')
    await pass(1100)
    expect([told, refusals]).toEqual([[['old', 'old']], 1])
  })

  it('RX.14 tells one change after the other, and the last one in the end', async () => {
    const doors: (() => void)[] = []
    let open = 0
    follow({
      onChange: async (texts) => {
        open += 1
        expect(open).toBe(1)
        await new Promise<void>((resolve) => doors.push(resolve))
        open -= 1
        told.push(texts)
      },
    })
    replace(paths[0], 'a')
    await pass(1100)
    replace(paths[0], 'b')
    await pass(5000)
    expect([told, doors.length]).toEqual([[], 1])
    doors[0]?.()
    await pass(200)
    doors[1]?.()
    await pass(0)
    expect(told).toEqual([
      ['a', 'old'],
      ['b', 'old'],
    ])
  })

  it('RX.14 tells nothing after it was closed', async () => {
    follow()
    replace(paths[0], 'new')
    folderWatch.tell()
    await pass(60)
    await follower.close()
    folderWatch.tell()
    await pass(10_000)
    expect(told).toEqual([])
  })
})

it('RX.14 is told of a rename by a real folder', async () => {
  folderWatch.isReal = true
  const changed = Promise.withResolvers<readonly string[]>()
  follow({ onChange: changed.resolve })
  replace(paths[1], 'new')
  expect(await changed.promise).toEqual(['old', 'new'])
})
