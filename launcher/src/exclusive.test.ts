// One holder at a time; a dead holder, or a reused process number, holds nothing. And: clean deletes only ours.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { claim, readHolder, release, removeStale } from './exclusive.ts'
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

  it('is not misled by what a dead process of its own number left half done', () => {
    writeFileSync(path, `${process.pid}\nnot-its-start\n`)
    linkSync(path, `${path}.${process.pid}.claim`)
    expect(claim(path)).toBeUndefined()
    expect(readdirSync(folder)).toEqual(['launcher.pid'])
  })

  it('takes over also when a process died while it took over', () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid
    const stale = `${gone}\n12345\n`
    const digest = createHash('sha256').update(stale).digest('hex').slice(0, 16)
    writeFileSync(path, stale)
    writeFileSync(`${path}.${digest}.stale`, `${gone}\n67890\n`)
    expect(claim(path)).toBeUndefined()
    expect(readdirSync(folder)).toEqual(['launcher.pid'])
  })

  it('leaves a stale claim to a living process that is just taking it over', () => {
    const stale = `${process.ppid}\nnot-its-start\n`
    const digest = createHash('sha256').update(stale).digest('hex').slice(0, 16)
    const rival = markOf(process.ppid)
    writeFileSync(path, stale)
    writeFileSync(`${path}.${digest}.stale`, `${rival?.pid}\n${rival?.started}\n`)
    expect(claim(path)).toEqual(rival)
    removeStale(path)
    expect(readFileSync(path, 'utf8')).toBe(stale)
  })

  it('tells a process from another one of the same number', () => {
    const own = markOf(process.pid)
    expect(own && isRunning(own)).toBe(true)
    expect(isRunning({ pid: process.pid, started: 'another time' })).toBe(false)
  })
})

describe('release', () => {
  it('leaves the claim of another process, also of one of the same number', () => {
    writeFileSync(path, `${process.pid}\nnot-its-start\n`)
    release(path)
    expect(existsSync(path)).toBe(true)
  })
})

describe('removeStale', () => {
  it('removes what a dead process left and keeps a living one’s claim', () => {
    removeStale(path)
    writeFileSync(path, `${process.ppid}\nnot-its-start\n`)
    removeStale(path)
    expect(existsSync(path)).toBe(false)
    const living = markOf(process.ppid)
    writeFileSync(path, `${living?.pid}\n${living?.started}\n`)
    removeStale(path)
    expect(readHolder(path)).toEqual(living)
  })
})

describe('deleteStateFolder', () => {
  it('deletes what a run made and keeps a folder that holds anything else', () => {
    const paths = statePaths(join(folder, 'state'))
    prepareStateFolder(paths)
    writeFileSync(`${paths.launcherPid}.1.claim`, 'left by a killed launcher')
    const foreign = join(paths.directory, 'thesis.txt')
    writeFileSync(foreign, 'mine')
    expect(deleteStateFolder(paths)).toBe(false)
    expect(existsSync(foreign)).toBe(true)
    expect(existsSync(paths.keys)).toBe(false)
    rmSync(foreign)
    expect(deleteStateFolder(paths)).toBe(true)
  })
})
