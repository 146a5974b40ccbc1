// What is said when Traefik cannot be built; a script stands in for Go.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { doctor } from '../commands/doctor.ts'
import type { Context } from '../context.ts'
import { statePaths } from '../state-folder.ts'
import { ensureTraefik } from './build-traefik.ts'

let folder: string
let shown: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-build-'))
  shown = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function context(): Context {
  const line = (text = '') => void shown.push(text)
  return {
    root: resolve(import.meta.dirname, '..', '..', '..'),
    state: statePaths(join(folder, 'state')),
    settings: { PATH: folder, HOME: folder, PUBLIC_PORT: '0', MANAGEMENT_PORT: '0' },
    settingsFaults: [],
    output: { line, error: line, warn: line, rewrite: line, isTerminal: false, colors: false },
    onStopRequest: () => {},
  }
}

function install(name: string, ...script: string[]): void {
  writeFileSync(join(folder, name), ['#!/bin/sh', ...script, ''].join('\n'))
  chmodSync(join(folder, name), 0o755)
}

const goOf = (version: string) =>
  install(
    'go',
    `if [ "$1" = version ]; then echo 'go version go${version} linux/amd64'; exit 0; fi`,
    "echo 'dial tcp: i/o timeout' >&2; exit 1",
  )

describe('ensureTraefik', () => {
  it('R3.5 blames the network, not a missing Go, when Go is there and the build fails', async () => {
    goOf('1.26.1')
    const outcome = await ensureTraefik(context())
    const said = outcome.ok ? '' : outcome.error
    expect(said).toContain('i/o timeout')
    expect(said).toContain('GOPROXY')
    expect(said).not.toContain('install Go')
  })

  it('refuses a Go that is too old before it builds anything', async () => {
    goOf('1.19.8')
    const outcome = await ensureTraefik(context())
    expect(outcome.ok ? '' : outcome.error).toMatch(/go1\.19\.8.* too old[^]*install Go 1\.21/)
    expect(shown).toEqual([])
  })
})

describe('doctor', () => {
  it('says that a Traefik on PATH is too old', async () => {
    install('traefik', "echo 'Version: 3.1.0'")
    goOf('1.26.1')
    await doctor(context(), { flags: {}, positionals: [] })
    expect(shown.find((line) => line.includes('traefik'))).toContain('3.1.0 found, too old')
  })
})
