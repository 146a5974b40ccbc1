// Steps of writing and looking, one after the other, on real files; clock and folder events are the test's. That real
// folders tell of changes is tested with those who follow sallyport.yml.

import { EventEmitter } from 'node:events'
import type { watch } from 'node:fs'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type FileWatch, watchFile } from './watch-file.ts'

const folderWatch = vi.hoisted(() => ({ tell: () => {} }))

vi.mock('node:fs', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  watch: ((_folder: string, _options: object, onEvent: () => void) => {
    folderWatch.tell = onEvent
    return Object.assign(new EventEmitter(), { close: () => {} })
  }) as unknown as typeof watch,
}))

let folder: string
let path: string
let following: FileWatch
let texts: (string | undefined)[]

beforeEach(() => {
  vi.useFakeTimers()
  folder = mkdtempSync(join(tmpdir(), 'sallyport-watch-'))
  path = join(folder, 'file')
  texts = []
  writeFileSync(path, 'old')
  following = watchFile(path, 'old', (text) => texts.push(text))
})

afterEach(() => {
  following.close()
  vi.useRealTimers()
  rmSync(folder, { recursive: true })
})

const pass = (ms: number) => vi.advanceTimersByTime(ms)

it('RX.13 takes no half-written text: two looks, 100 ms apart, must see the same', () => {
  writeFileSync(path, 'routes: a')
  folderWatch.tell()
  pass(100)
  writeFileSync(path, 'routes: a, b')
  folderWatch.tell()
  pass(100)
  expect(texts).toEqual([])
  pass(99)
  expect(texts).toEqual([])
  pass(1)
  expect(texts).toEqual(['routes: a, b'])
})

it('RX.13 takes none either where the folder tells of nothing', () => {
  pass(1990)
  writeFileSync(path, 'routes: a')
  pass(10)
  writeFileSync(path, 'routes: a, b')
  pass(100)
  expect(texts).toEqual([])
  pass(100)
  expect(texts).toEqual(['routes: a, b'])
})

it('RX.13 does not take the look every two seconds for the second one', () => {
  pass(1850)
  writeFileSync(path, 'routes: a')
  folderWatch.tell()
  pass(100)
  // Now the text was seen once, and in 50 ms the two seconds are over.
  pass(50)
  expect(texts).toEqual([])
  writeFileSync(path, 'routes: a, b')
  pass(50)
  expect(texts).toEqual([])
  pass(100)
  expect(texts).toEqual(['routes: a, b'])
})

it('RX.13 does not say that a file is gone while another is put in its place', () => {
  rmSync(path)
  folderWatch.tell()
  pass(100)
  writeFileSync(path, 'new')
  folderWatch.tell()
  pass(10_000)
  expect(texts).toEqual(['new'])
  rmSync(path)
  pass(10_000)
  expect(texts).toEqual(['new', undefined])
})

it('RX.13 says nothing of a text that was taken back', () => {
  writeFileSync(path, 'new')
  folderWatch.tell()
  pass(100)
  writeFileSync(path, 'old')
  pass(10_000)
  expect(texts).toEqual([])
  writeFileSync(path, 'new')
  pass(10_000)
  expect(texts).toEqual(['new'])
})

it('RX.13 sees a change in a folder that is never quiet', () => {
  writeFileSync(path, 'new')
  for (let event = 0; event < 20; event += 1) {
    folderWatch.tell()
    pass(20)
  }
  expect(texts).toEqual(['new'])
})
