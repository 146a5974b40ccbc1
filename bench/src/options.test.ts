import { describe, expect, it } from 'vitest'
import { groupNames, readOptions } from './options.ts'

const read = (environment: Record<string, string>, args: string[] = []) =>
  readOptions(environment, args, '/repository')

describe('options of the bench', () => {
  it('runs everything by default and is lenient', () => {
    expect(read({})).toEqual({
      ok: true,
      value: {
        help: false,
        groups: [...groupNames],
        quick: false,
        strict: false,
        stateFolder: '/repository/.sallyport',
        traefikBinary: undefined,
        profileFolder: undefined,
      },
    })
  })

  it('ONLY picks groups and keeps their order', () => {
    expect(read({ ONLY: 'up,verify' })).toMatchObject({ value: { groups: ['verify', 'up'] } })
  })

  it('names every fault at once', () => {
    const result = read({ ONLY: 'verify,speed' }, ['--fast'])
    expect(result).toEqual({
      ok: false,
      error: [expect.stringContaining('speed'), expect.stringContaining('--help')],
    })
  })

  it('--help is known, STRICT=1 is strict, QUICK=1 is quick, SALLYPORT_STATE moves the file', () => {
    expect(
      read({ STRICT: '1', QUICK: '1', SALLYPORT_STATE: '/elsewhere' }, ['--help']),
    ).toMatchObject({
      value: { help: true, strict: true, quick: true, stateFolder: '/elsewhere' },
    })
  })
})
