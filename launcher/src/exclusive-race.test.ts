// Several processes want one claim at the same moment: one gets it, however they interleave.

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { claim, readHolder } from './exclusive.ts'
import { markOf } from './process-mark.ts'

const raceFiles = 300
const raceProcesses = 6
const racerScript = `
  const { claim } = await import(${JSON.stringify(join(import.meta.dirname, 'exclusive.ts'))})
  console.log('ready')
  await new Promise((resolve) => process.stdin.once('data', resolve))
  const files = Array.from({ length: ${raceFiles} }, (_, file) => file)
  console.log(JSON.stringify(files.filter((file) => !claim(process.cwd() + '/' + file))))
  process.stdin.resume()
`

/** A process that waits for a word, claims every file of the folder and lives on until its input ends. */
async function startRacer() {
  const args = ['--input-type=module', '--eval', racerScript]
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async () => (await lines.next()).value as string
  await line()
  return { child, line }
}

const judging = vi.hoisted(() => ({ onJudged: () => {} }))
vi.mock(import('./process-mark.ts'), async (load) => {
  const real = await load()
  const isRunning: typeof real.isRunning = (mark) => {
    const verdict = real.isRunning(mark)
    judging.onJudged()
    return verdict
  }
  return { ...real, isRunning }
})

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-race-'))
})
afterEach(() => {
  judging.onJudged = () => {}
  rmSync(folder, { recursive: true, force: true })
})

describe('claim', () => {
  it('leaves alone what another process claimed after the old claim was judged stale', () => {
    const path = join(folder, 'launcher.pid')
    const quicker = markOf(process.ppid)
    writeFileSync(path, `${process.ppid}\nnot-its-start\n`)
    judging.onJudged = () => {
      judging.onJudged = () => {}
      rmSync(path)
      writeFileSync(path, `${quicker?.pid}\n${quicker?.started}\n`)
    }
    expect(claim(path)).toEqual(quicker)
    expect(readHolder(path)).toEqual(quicker)
    expect(readdirSync(folder)).toEqual(['launcher.pid'])
  })

  it('has exactly one winner among processes that take over the same stale files', async () => {
    for (let file = 0; file < raceFiles; file += 1) {
      writeFileSync(join(folder, `${file}`), `${process.ppid}\nnot-its-start\n`)
    }
    const racers = await Promise.all(Array.from({ length: raceProcesses }, startRacer))
    for (const { child } of racers) child.stdin.write('go\n')
    const won = await Promise.all(racers.map((racer) => racer.line()))
    for (const { child } of racers) child.stdin.end()
    const winners = won.flatMap((line) => JSON.parse(line) as number[])
    const wins = Array.from({ length: raceFiles }, () => 0)
    for (const file of winners) wins[file] = (wins[file] ?? 0) + 1
    expect(wins.filter((count) => count !== 1)).toEqual([])
    expect(readdirSync(folder)).toHaveLength(raceFiles)
  }, 30_000)
})
