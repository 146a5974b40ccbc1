import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { commaList, flag, portNumber, readSettings, wholeNumber } from './settings.ts'

const schema = z.object({
  APP_PORT: portNumber,
  APP_LIMIT: wholeNumber(1, 10).prefault('5'),
  APP_FLAG: flag.prefault('false'),
  APP_LIST: commaList.optional(),
})
const read = (environment: Record<string, string | undefined>) =>
  readSettings(schema, environment, ['APP_'])

describe('reading settings', () => {
  it('R3.11 takes an empty value for unset, so that a default holds', () => {
    expect(read({ APP_PORT: '80', APP_LIMIT: '', APP_LIST: ' a , b ' })).toEqual({
      ok: true,
      value: { APP_PORT: 80, APP_LIMIT: 5, APP_FLAG: false, APP_LIST: ['a', 'b'] },
    })
  })

  it('R3.11 reports every fault in one go, misspelt names included, and others’ variables not at all', () => {
    expect(
      read({ APP_LIMIT: '11', APP_FLAG: 'yes', APP_LIST: 'a,,b', APP_LIMTI: '1', PATH: '/' }),
    ).toEqual({
      ok: false,
      error: [
        'APP_PORT: must be set',
        'APP_LIMIT: must be a whole number from 1 to 10',
        'APP_FLAG: must be true or false',
        'APP_LIST: has an empty entry',
        'APP_LIMTI: there is no such setting, did you mean APP_LIMIT? see docs/settings.md',
      ],
    })
  })

  it('R3.11 names what a word may be, and no other setting where none is near', () => {
    const words = z.object({ APP_LEVEL: z.enum(['debug', 'info']).default('info') })
    expect(readSettings(words, { APP_LEVEL: 'loud', APP_FOO: '1' }, ['APP_'])).toEqual({
      ok: false,
      error: [
        'APP_LEVEL: must be one of debug, info',
        'APP_FOO: there is no such setting, see docs/settings.md',
      ],
    })
  })

  it.each([
    '0',
    '65536',
    '1e3',
    '0x50',
    ' 80',
    '80 ',
    '-1',
    '8.5',
  ])('R3.11 takes no port %j', (port) => {
    expect(read({ APP_PORT: port }).ok).toBe(false)
  })
})
