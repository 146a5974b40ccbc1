import { describe, expect, it, vi } from 'vitest'
import { startRedis } from './redis-server.ts'

describe('a Redis for tests', () => {
  it('SUP-1 says how to get one when there is none', async () => {
    vi.stubEnv('PATH', '/nowhere')
    try {
      await expect(startRedis()).rejects.toThrow('apt-get install redis-server')
    } finally {
      vi.unstubAllEnvs()
    }
  })
})
