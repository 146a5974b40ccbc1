import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Context } from '../context.ts'
import { statePaths } from '../state-folder.ts'
import { faultOfBypass } from './check-bypass.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-bypass-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const faultWith = (settings: Context['settings']) =>
  faultOfBypass({ root: folder, state: statePaths(folder), settings } as unknown as Context)

it('R3.6 names a bypass for nobody of the users file before anything starts', () => {
  expect(faultWith({ SIDECAR_DEVELOPMENT_BYPASS: 'carol' })).toBeUndefined()
  writeFileSync(join(folder, 'users.json'), '[{"username":"alice"}]')
  expect(faultWith({})).toBeUndefined()
  expect(faultWith({ SIDECAR_DEVELOPMENT_BYPASS: 'alice' })).toBeUndefined()
  const carol = faultWith({ SIDECAR_DEVELOPMENT_BYPASS: 'carol' })
  expect(carol).toContain('SIDECAR_DEVELOPMENT_BYPASS: nobody in')
  writeFileSync(join(folder, 'mine.json'), '[{"username":"carol"}]')
  const ownFile = { SIDECAR_DEVELOPMENT_BYPASS: 'carol', SIDECAR_USERS_FILE: 'mine.json' }
  expect(faultWith(ownFile)).toBeUndefined()
})
