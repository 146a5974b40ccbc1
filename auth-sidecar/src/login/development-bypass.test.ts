import { createLog } from '@sallyport/service-kit/log'
import { describe, expect, it } from 'vitest'
import { createDevelopmentBypass } from './development-bypass.ts'
import { isForwardedFromLoopback, isLoopback, isLoopbackHost } from './loopback.ts'

function make(changes: object = {}) {
  const lines: string[] = []
  const log = createLog('test', 'info', { write: (line: string) => void lines.push(line) })
  const bypass = createDevelopmentBypass({
    username: 'alice',
    mode: 'development',
    host: '127.0.0.1',
    users: [{ username: 'alice' }, { username: 'bob' }],
    log,
    ...changes,
  })
  return { bypass, lines }
}

const here = { clientAddress: '127.0.0.1', isFromLoopback: true }
const elsewhere = { clientAddress: '203.0.113.7', isFromLoopback: false }

describe('R3.6 development bypass', () => {
  it('R3.6 is off unless its user is named', () => {
    const { bypass, lines } = make({ username: '', mode: 'production', host: '0.0.0.0' })
    expect(bypass('alice', here)).toBe(false)
    expect(lines).toEqual([])
  })

  it('R3.6 says so loudly at the start and at each use', () => {
    const { bypass, lines } = make()
    expect(bypass('alice', here)).toBe(true)
    expect(bypass('alice', here)).toBe(true)
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual(
      Array(3).fill(expect.objectContaining({ level: 'warn', username: 'alice' })),
    )
  })

  it('R3.6 is for its user and this machine only', () => {
    const { bypass } = make()
    expect(bypass('bob', here)).toBe(false)
    expect(bypass('alice', elsewhere)).toBe(false)
  })

  it.each([
    ['in production', { mode: 'production' }],
    ['where others could connect', { host: '0.0.0.0' }],
    ['where the listener has a name', { host: 'localhost' }],
    ['for an unknown user', { username: 'mallory' }],
  ])('R3.6 cannot be built %s', (_name, changes) => {
    expect(() => make(changes)).toThrow()
  })
})

describe('loopback', () => {
  it.each([
    '127.0.0.1',
    '127.255.0.9',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
  ])('R3.6 is %s', (address) => {
    expect(isLoopback(address)).toBe(true)
  })

  it.each([
    '',
    'localhost',
    '128.0.0.1',
    '10.0.0.1',
    '::',
    '::2',
    '::ffff:10.0.0.1',
    '127.1',
    '0x7f.0.0.1',
  ])('R3.6 is not %j', (address) => {
    expect(isLoopback(address)).toBe(false)
  })

  it.each([
    'localhost',
    'LOCALHOST:8080',
    '127.0.0.1',
    '127.0.0.2:8080',
    '[::1]',
    '[::1]:8080',
  ])('R3.6 is the host %s', (host) => {
    expect(isLoopbackHost(host)).toBe(true)
  })

  it.each([
    '',
    ':8080',
    'abc.ngrok.app',
    'localhost.ngrok.app',
    'localhost.',
    'localhost:80:80',
    '127.0.0.1.nip.io',
    '127.1',
    '::1',
    '[::ffff:127.0.0.1]',
    '10.0.0.1',
    'localhost, abc.ngrok.app',
  ])('R3.6 is not the host %j', (host) => {
    expect(isLoopbackHost(host)).toBe(false)
  })

  it('R3.6 is the origin of a request only when every hop says so', () => {
    expect(isForwardedFromLoopback('127.0.0.1')).toBe(true)
    expect(isForwardedFromLoopback('127.0.0.1, ::1')).toBe(true)
    for (const other of [
      undefined,
      '',
      '203.0.113.7, 127.0.0.1',
      '127.0.0.1, 203.0.113.7',
      ',127.0.0.1',
    ]) {
      expect(isForwardedFromLoopback(other)).toBe(false)
    }
  })
})
