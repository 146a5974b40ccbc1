// Which settings are refused by name or form.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findSettingsFaults, settingsOfRun } from './settings-faults.ts'
import { decideRun } from './user-settings.ts'

describe('findSettingsFaults', () => {
  it('R3.11 names file and line of every unknown name and of every line that is no setting', () => {
    const file = '# ours\nWS_RATE_LIMT=50\n\ngarbage secret\r\nSALLYPORT_LOGLEVEL=debug\nDETACH=1\n'
    expect(findSettingsFaults({}, file)).toEqual([
      '.env, line 2: there is no setting WS_RATE_LIMT, see docs/settings.md',
      '.env, line 4: is no setting, write NAME=value',
      '.env, line 5: there is no setting SALLYPORT_LOGLEVEL, see docs/settings.md',
    ])
  })

  it('refuses a value whose quote is never closed', () => {
    expect(findSettingsFaults({}, 'SIDECAR_ISSUER="http://x\nWS_RATE_LIMIT="5"')).toEqual([
      '.env, line 1: the value of SIDECAR_ISSUER has no closing quote',
    ])
  })

  it('refuses of the shell only what bears our name', () => {
    const shell = { HOME: '/', WS_RATE_LIMT: '5', SALLYPORT_STAET: 'x', SALLYPORT_STATE: 'y' }
    expect(findSettingsFaults(shell, undefined)).toEqual([
      'SALLYPORT_STAET: there is no such setting, see docs/settings.md',
    ])
  })

  it('accepts everything that the example file offers', () => {
    const example = readFileSync(join(import.meta.dirname, '..', '..', '.env.example'), 'utf8')
    const uncommented = example.replaceAll(/^#(?=[A-Z_]+=)/gm, '')
    expect(uncommented).toMatch(/^PUBLIC_PORT=/m)
    expect(findSettingsFaults({}, uncommented)).toEqual([])
  })
})

describe('decideRun', () => {
  it('refuses a switch that is neither 1 nor 0, beside the faults it is given', () => {
    const decided = decideRun({ DETACH: 'yes', SALLYPORT_FOREGROUND: '0' }, ['.env, line 1: x'])
    expect(decided).toEqual({
      ok: false,
      error: ['.env, line 1: x', 'DETACH: must be 1, 0 or empty'],
    })
  })
})

it('R3.11 tells settings of the system from those of one call and from what is not ours', () => {
  const given = {
    WS_RATE_LIMIT: '5',
    BACKEND_PORT: '1',
    DETACH: '1',
    SALLYPORT_STATE: 'x',
    HOME: '/',
  }
  expect(settingsOfRun(given)).toEqual(['WS_RATE_LIMIT', 'BACKEND_PORT'])
})
