import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createSeenPositions, isBehind } from './seen-positions.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-seen-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function seenIn(file?: string) {
  const faults: string[] = []
  return { ...createSeenPositions({ file, onFault: (reason) => void faults.push(reason) }), faults }
}

describe('how far the stream was seen', () => {
  it('W94 never goes back within an epoch', () => {
    const { all, note } = seenIn()
    note({ epoch: 'a', sequence: 5 })
    note({ epoch: 'a', sequence: 3 })
    expect(all()).toEqual([{ epoch: 'a', sequence: 5 }])
    expect(isBehind({ epoch: 'a', sequence: 4 }, all())).toBe(true)
    expect(isBehind({ epoch: 'a', sequence: 5 }, all())).toBe(false)
    expect(isBehind({ epoch: 'b', sequence: 0 }, all())).toBe(false)
  })

  it('W94 is remembered of epochs that were left: an old copy of one may come back', () => {
    const { all, note } = seenIn()
    note({ epoch: 'a', sequence: 5 })
    note({ epoch: 'b', sequence: 1 })
    expect(isBehind({ epoch: 'a', sequence: 4 }, all())).toBe(true)
    for (let count = 0; count < 100; count += 1) note({ epoch: `e${count}`, sequence: 1 })
    expect(all()).toHaveLength(8)
  })

  it('W94 says what was known when it was asked, whatever comes after', () => {
    const { all, note } = seenIn()
    note({ epoch: 'a', sequence: 5 })
    const before = all()
    note({ epoch: 'a', sequence: 6 })
    expect(isBehind({ epoch: 'a', sequence: 5 }, before)).toBe(false)
    expect(isBehind({ epoch: 'a', sequence: 5 }, all())).toBe(true)
  })

  it('W94 outlives the process in a file that only its user reads', async () => {
    const file = join(folder(), 'new', 'seen.json')
    const { note, close, faults } = seenIn(file)
    note({ epoch: 'a', sequence: 5 })
    note({ epoch: 'a', sequence: 6 })
    await close()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(seenIn(file).all()).toEqual([{ epoch: 'a', sequence: 6 }])
    expect(faults).toEqual([])
  })

  it.each([
    '',
    'nonsense',
    '{}',
    '[{"epoch":"a","sequence":-1}]',
  ])('W94 tells of a file that cannot be read, and goes on: %s', async (text) => {
    const file = join(folder(), 'seen.json')
    writeFileSync(file, text)
    const { all, note, close, faults } = seenIn(file)
    expect([all(), faults]).toEqual([[], ['unreadable']])
    note({ epoch: 'a', sequence: 1 })
    await close()
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([{ epoch: 'a', sequence: 1 }])
  })

  it('W94 begins nothing once it was closed: what is still under way may note all the same', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const file = join(folder(), 'seen.json')
    const { note, close } = seenIn(file)
    note({ epoch: 'a', sequence: 1 })
    await close()
    note({ epoch: 'a', sequence: 2 })
    expect(vi.getTimerCount()).toBe(0)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([{ epoch: 'a', sequence: 1 }])
  })

  it('W94 tells of a file that cannot be written', async () => {
    const file = join(folder(), 'seen.json')
    mkdirSync(join(file, 'in the way'), { recursive: true })
    const { note, close, faults } = seenIn(file)
    note({ epoch: 'a', sequence: 1 })
    await close()
    expect(faults).toEqual(['EISDIR', 'EISDIR'])
  })
})
