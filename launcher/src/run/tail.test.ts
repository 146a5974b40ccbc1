// Following a file that grows, and one that is replaced while it is followed.

import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTail } from './tail.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-tail-'))
  path = join(folder, 'x.log')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function replace(text: string): void {
  renameSync(path, `${path}.previous`)
  writeFileSync(path, text)
}

describe('createTail', () => {
  it('R3.5 gives whole lines as they are appended, and nothing while there is no file', () => {
    const read = createTail(path)
    expect(read()).toEqual([])
    writeFileSync(path, 'one\ntw')
    expect(read()).toEqual(['one'])
    appendFileSync(path, 'o\n')
    expect(read()).toEqual(['two'])
    expect(read()).toEqual([])
  })

  it('gives everything there is at once, also characters that are cut by its buffer', () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `zeile ${index} – ümlaut`)
    writeFileSync(path, `${lines.join('\n')}\n`)
    expect(createTail(path)()).toEqual(lines)
  })

  it('starts again in a file that replaced the old one and is longer already', () => {
    writeFileSync(path, 'old\n')
    const read = createTail(path)
    read()
    replace('first of the new run\nsecond\n')
    expect(read()).toEqual(['first of the new run', 'second'])
  })

  it('forgets the unfinished line of a file that was replaced', () => {
    writeFileSync(path, 'old\nunfinished')
    const read = createTail(path)
    read()
    replace('new\n')
    expect(read()).toEqual(['new'])
  })

  it('starts again, without the unfinished line, in a file that was emptied', () => {
    writeFileSync(path, 'old\nunfinished')
    const read = createTail(path)
    read()
    writeFileSync(path, 'new\n')
    expect(read()).toEqual(['new'])
  })
})
