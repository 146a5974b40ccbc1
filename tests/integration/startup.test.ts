import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { login, publicUrl, request } from '../support/http.ts'
import { openSocket } from '../support/socket.ts'
import { root, startStack, withoutMode } from '../support/stack.ts'
import { until } from '../support/until.ts'

const isAlive = (pid: number) => {
  try {
    // A zombie is gone for our purposes: its parent was told.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

const launcher = (command: string, stateFolder: string) =>
  spawnSync(process.execPath, [join(root, 'launcher/src/main.ts'), command], {
    cwd: root,
    encoding: 'utf8',
    env: { ...withoutMode(process.env), SALLYPORT_STATE: stateFolder, NO_COLOR: '1' },
  })

describe('R3.5 RC.4 a first start', () => {
  it('R3.5 brings everything up in order, says so, and leaves nothing behind', async () => {
    const stack = await startStack()
    const { pids } = stack.endpoints
    try {
      // Traefik's one unconditional warning, and no other; the level is INFO.
      const traefikLog = readFileSync(join(stack.stateFolder, 'logs/traefik.log'), 'utf8')
      const entries = traefikLog
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as { level: string; message: string })
      const levels = new Set(entries.map(({ level }) => level))
      expect([...levels].sort()).toEqual(['info', 'warn'])
      const warnings = entries.filter(({ level }) => level === 'warn')
      expect(warnings).toHaveLength(1)
      expect(warnings[0]?.message).toContain('encoded characters')

      // Every service runs on the Node that came with the project.
      for (const name of ['auth-sidecar', 'ws-backend', 'frontend'] as const) {
        const version = execFileSync(readlinkSync(`/proc/${pids[name]}/exe`), ['--version'], {
          encoding: 'utf8',
        })
        expect(Number(version.match(/^v(\d+)/)?.[1])).toBeGreaterThanOrEqual(24)
      }

      // Secrets are nobody else's to read.
      const mode = (name: string) => statSync(join(stack.stateFolder, name)).mode & 0o777
      expect(mode('credentials.json')).toBe(0o600)
      expect(mode('keys/token-keys.json')).toBe(0o600)
      expect(mode('keys/tls/authority/key.pem')).toBe(0o600)

      const status = launcher('status', stack.stateFolder)
      expect(status.status).toBe(0)
      const second = launcher('up', stack.stateFolder)
      expect(second.status).toBe(0)
      expect(second.stdout).toContain(stack.endpoints.public)
      expect(isAlive(pids.traefik)).toBe(true)
    } finally {
      await stack.stop()
    }
    for (const pid of Object.values(pids)) expect(isAlive(pid)).toBe(false)
    expect(existsSync(stack.stateFolder)).toBe(false)
  })

  it('R3.5 takes the next free port when its own is taken, allows that origin, and drains on stop', async () => {
    const holder = createServer()
    const port = await new Promise<number>((resolve) => {
      holder.listen(0, '127.0.0.1', () => {
        const address = holder.address()
        resolve(typeof address === 'object' && address ? address.port : 0)
      })
    })
    const stack = await startStack({ PUBLIC_PORT: `${port}` })
    holder.close()
    expect(new URL(stack.endpoints.public).port).not.toBe(`${port}`)
    const alice = await login(stack)
    const socket = await openSocket(stack, { cookie: alice.cookie })
    await socket.message('welcome')
    await stack.stop()
    expect(await socket.message('disconnect')).toMatchObject({
      data: { code: 1012, reconnect: true },
    })
    expect((await socket.closed).code).toBe(1012)
  })

  it('R3.5 reports a service that dies with its last lines and stops the rest', async () => {
    const stack = await startStack()
    const { pids } = stack.endpoints
    process.kill(pids['ws-backend'], 'SIGKILL')
    await until(
      'everything to stop',
      () => Object.values(pids).every((pid) => !isAlive(pid)),
      20_000,
    )
    expect(stack.output()).toMatch(/ws-backend.*(SIGKILL|died|ended)/)
    await stack.stop()
  })
})

describe('R0.14 R3.11 ill-set settings', () => {
  it.each([
    [
      'auth-sidecar/src/main.ts',
      ['SIDECAR_VERIFY_PORT', 'SIDECAR_ISSUER', 'SIDECAR_ALLOWED_ORIGINS', 'SIDECAR_UNKNOWN'],
    ],
    ['ws-backend/src/main.ts', ['BACKEND_PORT', 'BACKEND_AUTHORITY_URL', 'BACKEND_UNKNOWN']],
    ['frontend/server/main.ts', ['FRONTEND_PORT', 'FRONTEND_TLS_DIRECTORY', 'FRONTEND_UNKNOWN']],
  ])('R3.11 %s does not start and names every fault at once', (main, expected) => {
    const prefix = expected[0]?.split('_')[0] ?? ''
    const { status, stderr } = spawnSync(process.execPath, [join(root, main)], {
      encoding: 'utf8',
      env: {
        [`${prefix}_UNKNOWN`]: '1',
        SIDECAR_ALLOWED_ORIGINS: prefix === 'SIDECAR' ? 'https://app.example.com/path' : '',
      },
    })
    expect(status).toBe(2)
    for (const name of expected) expect(stderr).toContain(`${name}:`)
    expect(stderr).not.toContain('    at ')
  })
})

describe('pages', () => {
  it('SEC-1 come with a policy that allows no foreign script, and never at /ws', async () => {
    const stack = await startStack()
    try {
      const page = await request(publicUrl(stack, '/'))
      expect(page.status).toBe(200)
      expect(page.headers['content-type']).toContain('text/html')
      expect(page.headers['content-security-policy']).toContain("default-src 'self'")
      expect(page.headers).not.toHaveProperty('server')
      expect((await request(publicUrl(stack, '/ws'))).headers['content-type']).not.toContain('html')
    } finally {
      await stack.stop()
    }
  })
})
