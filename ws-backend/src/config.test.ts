// Settings: everything at fault is named at once, and what stands in the keys' file is checked, never told.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig } from './config.ts'
import { loadAssertionKeys } from './connection/assertion-keys.ts'
import { createSocketPaths } from './socket-paths.ts'

const folder = mkdtempSync(join(tmpdir(), 'ws-backend-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

for (const name of ['authority', 'certificate', 'key'])
  writeFileSync(join(folder, `${name}.pem`), '')
const keysFile = join(folder, 'keys.json')
const secret = Buffer.alloc(32, 1).toString('base64url')
writeFileSync(keysFile, JSON.stringify({ keys: [{ keyId: 'one', secret }] }))

const complete = {
  BACKEND_PORT: '7001',
  BACKEND_MANAGEMENT_PORT: '7002',
  BACKEND_TLS_DIRECTORY: folder,
  BACKEND_AUTHORITY_URL: 'https://127.0.0.1:7003',
  BACKEND_ASSERTION_KEYS_FILE: keysFile,
  PATH: '/bin',
}

describe('settings', () => {
  it('fill in what has a default, also where a variable is empty', () => {
    expect(loadConfig({ ...complete, BACKEND_HEARTBEAT_MS: '' })).toMatchObject({
      ok: true,
      value: {
        SALLYPORT_LOG_LEVEL: 'info',
        BACKEND_HOST: '127.0.0.1',
        BACKEND_PORT: 7001,
        BACKEND_HEARTBEAT_MS: 25_000,
        BACKEND_MAX_MESSAGE_BYTES: 65_536,
        BACKEND_SOCKET_PATHS: ['*'],
        BACKEND_AUTHENTICATE_DEADLINE_MS: 10_000,
        BACKEND_MAX_PENDING: 1000,
        BACKEND_MAX_PENDING_PER_ADDRESS: 10,
        BACKEND_AUTHORITY_URL: ['https://127.0.0.1:7003'],
        BACKEND_RECHECK_SECONDS: 30,
        BACKEND_MAX_BLIND_SECONDS: 600,
        BACKEND_MAX_SOCKETS_PER_SESSION: 20,
        BACKEND_MAX_SOCKETS_PER_SUBJECT: 50,
        BACKEND_MAX_SOCKETS_PER_ADDRESS: 1000,
        BACKEND_SOCKET_LIMIT_POLICY: 'refuse',
      },
    })
  })

  it('name every fault at once', () => {
    const result = loadConfig({
      ...complete,
      BACKEND_PORT: undefined,
      BACKEND_MANAGEMENT_PORT: '70000',
      BACKEND_TLS_DIRECTORY: join(folder, 'nowhere'),
      BACKEND_AUTHORITY_URL: 'http://127.0.0.1:7003',
      BACKEND_HEARBEAT_MS: '1000',
      BACKEND_AUTHENTICATE_DEADLINE_MS: '31000',
      BACKEND_MAX_PENDING: '0',
      BACKEND_NODE_NAME: 'a node',
      BACKEND_RECHECK_SECONDS: '4',
      BACKEND_MAX_BLIND_SECONDS: '86401',
      BACKEND_SOCKET_LIMIT_POLICY: 'oldest',
    })
    expect(result.ok).toBe(false)
    const names = result.ok ? [] : result.error.map((fault) => fault.split(':')[0])
    expect(names.toSorted()).toEqual([
      'BACKEND_AUTHENTICATE_DEADLINE_MS',
      'BACKEND_AUTHORITY_URL',
      'BACKEND_HEARBEAT_MS',
      'BACKEND_MANAGEMENT_PORT',
      'BACKEND_MAX_BLIND_SECONDS',
      'BACKEND_MAX_PENDING',
      'BACKEND_NODE_NAME',
      'BACKEND_PORT',
      'BACKEND_RECHECK_SECONDS',
      'BACKEND_SOCKET_LIMIT_POLICY',
      'BACKEND_TLS_DIRECTORY',
    ])
  })

  it.each([
    'https://127.0.0.1:7003/',
    'https://a:b@127.0.0.1',
    '127.0.0.1:7003',
    'https://',
    'https://a:1,',
    'https://a:1,https://a:1',
    'https://a:1,http://b:1',
    Array.from({ length: 9 }, (_, n) => `https://a:${n + 1}`).join(','),
  ])('refuse %j as the address of the authority', (url) => {
    expect(loadConfig({ ...complete, BACKEND_AUTHORITY_URL: url }).ok).toBe(false)
  })
})

describe('the sidecars', () => {
  it('RX.1 may be up to eight', () => {
    const urls = Array.from({ length: 8 }, (_, n) => `https://a:${n + 1}`)
    const settings = loadConfig({ ...complete, BACKEND_AUTHORITY_URL: urls.join(', ') })
    expect(settings).toMatchObject({ ok: true, value: { BACKEND_AUTHORITY_URL: urls } })
  })
})

describe('the paths of sockets', () => {
  it.each([
    ['/ws', ['/ws']],
    ['/ws, /app/live.v2', ['/ws', '/app/live.v2']],
    ['*', ['*']],
  ])('R1.6 are read from %j', (text, paths) => {
    const settings = loadConfig({ ...complete, BACKEND_SOCKET_PATHS: text })
    expect(settings).toMatchObject({ ok: true, value: { BACKEND_SOCKET_PATHS: paths } })
  })

  it.each([
    'ws',
    '/',
    '/ws/',
    '//ws',
    '/ws,',
    '/x/../ws',
    '/./ws',
    '/ws/..',
    '/w%73',
    '/ws?x',
    '/ws/*',
    '/ws b',
  ])('R1.6 are not %j', (text) => {
    expect(loadConfig({ ...complete, BACKEND_SOCKET_PATHS: text }).ok).toBe(false)
  })

  it('R1.6 are compared as text, and their probes with them', () => {
    const { isSocketPath, isProbePath } = createSocketPaths(['/ws', '/app/live'])
    const paths = ['/ws', '/app/live', '/WS', '/ws/', '/app', '/ws/probe', '']
    expect(paths.filter(isSocketPath)).toEqual(['/ws', '/app/live'])
    const probes = ['/ws/probe', '/app/live/probe', '/probe', '/app/probe', '/ws', '/ws//probe']
    expect(probes.filter(isProbePath)).toEqual(['/ws/probe', '/app/live/probe'])
  })

  it('R1.6 can be left to the gate, which no path of another form gets past', () => {
    const { isSocketPath, isProbePath } = createSocketPaths(['*'])
    const paths = ['/any/path', '/', '//ws', '/x/../ws', '/ws%', 'http://ws-backend/ws', '']
    expect(paths.filter(isSocketPath)).toEqual(['/any/path'])
    expect(['/any/path/probe', '/probe', '//probe'].filter(isProbePath)).toEqual([
      '/any/path/probe',
    ])
  })
})

describe('the ring of assertion keys', () => {
  it('is read from its file', () => {
    expect(loadAssertionKeys(keysFile)).toEqual([
      { keyId: 'one', secret: new Uint8Array(32).fill(1) },
    ])
  })

  it.each([
    ['no JSON', 'secret'],
    ['no key', '{"keys":[]}'],
    ['a short key', '{"keys":[{"keyId":"one","secret":"c2hvcnQ"}]}'],
    ['a key without a name', `{"keys":[{"keyId":"","secret":"${secret}"}]}`],
  ])('is refused with %s', (_, text) => {
    const file = join(folder, 'ill-formed.json')
    writeFileSync(file, text)
    expect(() => loadAssertionKeys(file)).toThrow('BACKEND_ASSERTION_KEYS_FILE')
  })

  it('is refused without a word of its content', () => {
    const file = join(folder, 'broken.json')
    writeFileSync(file, 'very-secret')
    expect(() => loadAssertionKeys(file)).toThrow(/^(?!.*very-secret)/)
  })
})
