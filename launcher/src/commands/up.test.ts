// `up` with settings it cannot start with: everything that is wrong is said before anything is made.

import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import type { Context } from '../context.ts'
import { statePaths } from '../state-folder.ts'
import { up } from './up.ts'

it('R3.11 names the bad values of the launcher and of all services together and starts nothing', async () => {
  const errors: string[] = []
  const nothing = () => {}
  const context: Context = {
    root: resolve(import.meta.dirname, '..', '..', '..'),
    state: statePaths(join(tmpdir(), `sallyport-never-made-${process.pid}`)),
    settings: { WS_RATE_LIMIT: 'many', BACKEND_HEARTBEAT_MS: '1', PUBLIC_PORT: 'x' },
    settingsFaults: ['.env, line 1: is no setting'],
    output: {
      line: nothing,
      error: (text) => void errors.push(text),
      rewrite: nothing,
      isTerminal: false,
      colors: false,
    },
    onStopRequest: nothing,
  }
  expect(await up(context, { flags: {}, positionals: [] })).toBe(2)
  const said = errors.join('\n')
  for (const part of ['WS_RATE_LIMIT', 'BACKEND_HEARTBEAT_MS', 'PUBLIC_PORT', '.env, line 1']) {
    expect(said).toContain(part)
  }
  expect(errors.at(-1)).toContain('docs/settings.md')
  expect(existsSync(context.state.directory)).toBe(false)
})
