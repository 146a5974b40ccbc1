// `check-config`: what it says beside the services' verdicts, and that it finds no fault in what it made up itself.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Context } from '../context.ts'
import { statePaths } from '../state-folder.ts'
import { checkConfig } from './check-config.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-check-config-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function check(settings: Context['settings']) {
  const lines: string[] = []
  const errors: string[] = []
  const context: Context = {
    root: resolve(import.meta.dirname, '..', '..', '..'),
    state: statePaths(join(folder, 'state')),
    settings,
    settingsFaults: [],
    output: {
      line: (text = '') => void lines.push(text),
      error: (text) => void errors.push(text),
      warn: (text) => void errors.push(text),
      rewrite: () => {},
      isTerminal: false,
      colors: false,
    },
    onStopRequest: () => {},
  }
  return { code: await checkConfig(context, { flags: {}, positionals: [] }), lines, errors }
}

describe('check-config', { timeout: 30_000 }, () => {
  it('R3.11 says which settings a native run ignores, as `up` does', async () => {
    const asked = { SIDECAR_REDIS_URL: 'redis://gate@redis:6379/0', BACKEND_PORT: '4711' }
    const { code, lines, errors } = await check(asked)
    for (const name of Object.keys(asked))
      expect(lines).toContain(`${name} is ignored: a native run connects its processes itself`)
    expect(errors).toEqual([])
    expect(code).toBe(0)
  })

  it('RX.1 finds no fault in what stands in place of files that are not made yet', async () => {
    expect(await check({ REPLICAS: '2' })).toMatchObject({ code: 0, errors: [] })
  })
})
