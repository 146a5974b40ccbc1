// Settings of the page server: complete ones are read, faulty ones are all named at once.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from './config.ts'

describe('loadConfig', () => {
  let directory: string

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
    for (const name of ['authority.pem', 'certificate.pem', 'key.pem', 'index.html']) {
      writeFileSync(join(directory, name), 'x')
    }
  })
  afterAll(() => rmSync(directory, { recursive: true }))

  it('reads a complete environment and defaults to production on loopback', () => {
    const settings = loadConfig({
      FRONTEND_PORT: '4001',
      FRONTEND_MANAGEMENT_PORT: '4002',
      FRONTEND_TLS_DIRECTORY: directory,
      FRONTEND_ASSETS_DIRECTORY: directory,
    })
    expect(settings).toMatchObject({
      ok: true,
      value: { FRONTEND_PORT: 4001, FRONTEND_HOST: '127.0.0.1', SALLYPORT_MODE: 'production' },
    })
  })

  it('names every fault at once', () => {
    const settings = loadConfig({
      FRONTEND_PORT: 'eighty',
      FRONTEND_TLS_DIRECTORY: '/nowhere',
      FRONTEND_ASSETS_DIRECTORY: '/nowhere',
      FRONTEND_PROT: '1',
    })
    expect(settings.ok).toBe(false)
    const faults = settings.ok ? [] : settings.error
    expect(faults.map((fault) => fault.split(':')[0]).toSorted()).toEqual([
      'FRONTEND_ASSETS_DIRECTORY',
      'FRONTEND_MANAGEMENT_PORT',
      'FRONTEND_PORT',
      'FRONTEND_PROT',
      'FRONTEND_TLS_DIRECTORY',
    ])
  })
})
