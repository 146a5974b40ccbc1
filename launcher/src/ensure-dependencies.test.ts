// launcher/ensure-dependencies.sh in a folder of its own, with scripts in place of npm, node and uname.

import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

const script = join(import.meta.dirname, '..', 'ensure-dependencies.sh')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-dependencies-'))
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'package-lock.json'), '{}\n')
  standIn('npm', 'echo "$@" >npm-called; mkdir -p node_modules')
  standIn('uname', 'if [ "$1" = -m ]; then echo x86_64; else echo Linux; fi')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function standIn(name: string, line: string): void {
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${line}\n`)
  chmodSync(join(folder, 'bin', name), 0o755)
}

function run() {
  const env = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` }
  return spawnSync('/bin/sh', [script], { cwd: folder, env, encoding: 'utf8' })
}

const stamp = () => join(folder, 'node_modules', '.sallyport-lock')

it('R3.5 installs the bundled Node and the tools whatever npm is set to leave out', () => {
  standIn('node', 'exit 0')
  expect(run().status).toBe(0)
  const called = readFileSync(join(folder, 'npm-called'), 'utf8')
  expect(called).toMatch(/^ci .*--include=dev --include=optional/)
  expect(existsSync(stamp())).toBe(true)
})

it('R3.5 says that the bundled Node is missing and installs again at the next call', () => {
  standIn('node', 'if [ "$1" = --version ]; then echo v20.1.0; else exit 1; fi')
  const { status, stderr } = run()
  expect(status).toBe(1)
  expect(stderr).toContain('v20.1.0')
  expect(stderr).toContain('was not installed')
  expect(stderr).not.toContain('This platform has no bundled one')
  expect(existsSync(stamp())).toBe(false)
})

it('says on another platform that there is no bundled Node, and keeps what is installed', () => {
  standIn('uname', 'echo Darwin')
  standIn('node', 'exit 1')
  expect(run().stderr).toContain('This platform has no bundled one')
  expect(existsSync(stamp())).toBe(true)
})
