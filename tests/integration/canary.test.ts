import { spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { login, logout, publicUrl, request } from '../support/http.ts'
import { rawUpgrade } from '../support/raw-upgrade.ts'
import { type RecordingBackend, startRecordingBackend } from '../support/recording-backend.ts'
import { type Part, startTraefik } from '../support/second-parts.ts'
import { openSocket } from '../support/socket.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let backend: RecordingBackend
let traefik: Part & Pick<Stack, 'endpoints'> & { accessLog: string }
const seen: string[] = []

beforeAll(async () => {
  stack = await startStack({ SALLYPORT_LOG_LEVEL: 'debug' })
  backend = await startRecordingBackend(stack)
  traefik = await startTraefik(stack, { SALLYPORT_BACKEND_URL: backend.url })
})
afterAll(async () => {
  await traefik?.stop()
  await backend?.close()
  await stack?.stop()
})

/** Where in all logs, or in what was seen of answers, a text occurs. */
function findings(canary: string): string[] {
  const { stdout } = spawnSync(
    'grep',
    ['-rlF', '--', canary, join(stack.stateFolder, 'logs'), traefik.accessLog],
    { encoding: 'utf8' },
  )
  const files = stdout.split('\n').filter(Boolean)
  const inOutput = [stack.output(), traefik.output()].some((text) => text.includes(canary))
  const inAnswers = seen.some((text) => text.includes(canary))
  const atBackend = JSON.stringify(backend.received).includes(canary)
  return [
    ...files,
    ...(inOutput ? ['output'] : []),
    ...(inAnswers ? ['answers'] : []),
    ...(atBackend ? ['backend'] : []),
  ]
}

/** Carries the credential everywhere a client could put it, allowed and refused. */
async function carryEverywhere(token: string, secret: string): Promise<void> {
  const upgrades = [
    { headers: [['Authorization', `Bearer ${token}`]] },
    { headers: [['Authorization', `Basic ${token}`]] },
    { headers: [['Sec-WebSocket-Protocol', `sallyport.v1, bearer.${token}`]] },
    { headers: [['Sec-WebSocket-Protocol', `bearer.${token}`]] },
    { headers: [['Cookie', `sessionId=${secret}; auth_token=${token}`]] },
    { headers: [['Cookie', `sessionId=${secret}; sessionId=${token}`]] },
    { target: `/ws?token=${token}&session=${secret}` },
  ] as const
  for (const endpoints of [stack.endpoints, traefik.endpoints]) {
    for (const upgrade of upgrades) {
      const answer = await rawUpgrade({ endpoints }, upgrade as object)
      answer.socket.destroy()
      seen.push(JSON.stringify([answer.headers, answer.body]))
    }
  }
}

describe('R0.5 LOG-2 W51 a planted credential', () => {
  it('is found by the search when it does stand in a log', () => {
    appendFileSync(join(stack.stateFolder, 'logs/auth-sidecar.log'), 'canary-self-test\n')
    expect(findings('canary-self-test')).toHaveLength(1)
    seen.push('canary-in-an-answer')
    expect(findings('canary-in-an-answer')).toEqual(['answers'])
  })

  it('stands in no log at debug level, access log, error, answer header, nor at the backend', async () => {
    const alice = await login(stack)
    const secret = alice.cookie.slice('sessionId='.length)
    const password = stack.credentials.users[0]?.password ?? ''
    await carryEverywhere(alice.token, secret)
    const wrong = await request(publicUrl(stack, '/auth/login'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${alice.token}` },
      body: `{"username": "${password}", "password": "${password}", `,
    })
    seen.push(JSON.stringify(wrong))
    const socket = await openSocket(stack, { token: alice.token, cookie: alice.cookie })
    socket.send({ type: 'authenticate', data: { token: alice.token } })
    seen.push(JSON.stringify(await socket.message('error')))
    await logout(stack, alice)
    seen.push(JSON.stringify(await socket.closed))

    await until('the last line to be written', () =>
      readFileSync(join(stack.stateFolder, 'logs/ws-backend.log'), 'utf8').includes('4410'),
    )
    for (const canary of [alice.token, alice.token.split('.')[2] ?? '', secret, password]) {
      expect(canary.length).toBeGreaterThan(8)
      expect(findings(canary)).toEqual([])
    }
  })

  it('R1.8 R0.5 leaves the lines that an operator needs', async () => {
    const logs = ['auth-sidecar', 'ws-backend'].map((name) =>
      readFileSync(join(stack.stateFolder, `logs/${name}.log`), 'utf8'),
    )
    expect(logs[0]).toContain('"granted":true')
    expect(logs[0]).toContain('"granted":false')
    expect(logs[1]?.match(/user alice authenticated and connected/g)?.length).toBeGreaterThan(0)
    expect(logs[1]).toContain('connection closed')
    const access = readFileSync(join(stack.stateFolder, 'logs/traefik-access.log'), 'utf8')
    expect(access).toContain('"RequestPath":"/ws"')
  })
})
