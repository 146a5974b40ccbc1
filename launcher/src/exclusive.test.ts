// One holder at a time; a dead holder, or a reused process number, holds nothing. And: clean deletes only ours.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { claim, readHolder, release } from './exclusive.ts'
import { isRunning, markOf } from './process-mark.ts'
import { deleteStateFolder, prepareStateFolder, statePaths } from './state-folder.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-exclusive-'))
  path = join(folder, 'launcher.pid')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('claim', () => {
  it('R3.5 tells a second claimant who holds it, until it is given back', () => {
    expect(claim(path)).toBeUndefined()
    expect(claim(path)).toEqual(markOf(process.pid))
    release(path)
    expect(existsSync(path)).toBe(false)
  })

  it('takes over from a process that is gone', () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid
    writeFileSync(path, `${gone}\n12345\n`)
    expect(claim(path)).toBeUndefined()
    expect(readHolder(path)?.pid).toBe(process.pid)
  })

  it('takes over when the number belongs to another process by now', () => {
    writeFileSync(path, `${process.ppid}\nnot-its-start\n`)
    expect(claim(path)).toBeUndefined()
  })

  it('tells a process from another one of the same number', () => {
    const own = markOf(process.pid)
    expect(own && isRunning(own)).toBe(true)
    expect(isRunning({ pid: process.pid, started: 'another time' })).toBe(false)
  })
})

describe('deleteStateFolder', () => {
  it('deletes what a run made and keeps a folder that holds anything else', () => {
    const paths = statePaths(join(folder, 'state'))
    prepareStateFolder(paths)
    const foreign = join(paths.directory, 'thesis.txt')
    writeFileSync(foreign, 'mine')
    expect(deleteStateFolder(paths)).toBe(false)
    expect(existsSync(foreign)).toBe(true)
    expect(existsSync(paths.keys)).toBe(false)
    rmSync(foreign)
    expect(deleteStateFolder(paths)).toBe(true)
  })
})
