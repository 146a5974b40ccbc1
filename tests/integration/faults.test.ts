import { afterAll, describe, expect, inject, it } from 'vitest'
import { login } from '../support/http.ts'
import { rawUpgrade } from '../support/raw-upgrade.ts'
import { type Part, startSidecar, startTraefik } from '../support/second-parts.ts'
import { readStack } from '../support/stack.ts'

const stack = { ...readStack(inject('stateFolder')), output: () => '', stop: async () => {} }
const parts: Part[] = []
afterAll(() => Promise.all(parts.map((part) => part.stop())))

/** A Traefik in front of a sidecar that may be harmed. */
async function startPair() {
  const sidecar = await startSidecar(stack)
  parts.push(sidecar)
  const traefik = await startTraefik(stack, { SALLYPORT_VERIFY_URL: sidecar.verifyUrl })
  parts.push(traefik)
  const upgrade = (timeoutMs?: number) =>
    rawUpgrade(
      { endpoints: traefik.endpoints },
      {
        without: ['Origin'],
        headers: [['Origin', stack.endpoints.public]],
        ...(timeoutMs && { timeoutMs }),
      },
    )
  return { sidecar, upgrade }
}

function expectUnavailable(answer: Awaited<ReturnType<typeof rawUpgrade>>): void {
  expect(answer.status).toBe(503)
  expect(answer.headers['content-type']).toBe('application/problem+json')
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  expect(answer.headers['x-content-type-options']).toBe('nosniff')
  expect(JSON.parse(answer.body)).toMatchObject({ status: 503, code: 'unavailable' })
}

describe('a sidecar that cannot be asked', () => {
  it('RX.12 ERR-1 W95 is a 503 with a body once it was killed, never a 101', async () => {
    const { sidecar, upgrade } = await startPair()
    expect((await upgrade()).status).toBe(401)
    await sidecar.stop()
    for (let attempt = 0; attempt < 5; attempt += 1) expectUnavailable(await upgrade())
  })

  // Traefik's own limit for the question is 30 s and cannot be set.
  it(
    'RX.12 ERR-1 W95 is a 503 with a body while it is frozen, and serves again after',
    { timeout: 60_000 },
    async () => {
      const { sidecar, upgrade } = await startPair()
      expect((await upgrade()).status).toBe(401)
      sidecar.kill('SIGSTOP')
      const answers = await Promise.all(Array.from({ length: 4 }, () => upgrade(45_000)))
      for (const answer of answers) expectUnavailable(answer)
      sidecar.kill('SIGCONT')
      expect((await upgrade()).status).toBe(401)
    },
  )

  it('RX.12 a valid credential changes nothing about it', async () => {
    const { cookie } = await login(stack)
    const traefik = await startTraefik(stack, { SALLYPORT_VERIFY_URL: 'https://127.0.0.1:9' })
    parts.push(traefik)
    const answer = await rawUpgrade(
      { endpoints: traefik.endpoints },
      { headers: [['Cookie', cookie]] },
    )
    expectUnavailable(answer)
  })
})

describe('a backend that is gone', () => {
  it('RX.12 is a 503 with a body as well', async () => {
    const { cookie } = await login(stack)
    const traefik = await startTraefik(stack, { SALLYPORT_BACKEND_URL: 'https://127.0.0.1:9' })
    parts.push(traefik)
    const answer = await rawUpgrade(
      { endpoints: traefik.endpoints },
      {
        without: ['Origin'],
        headers: [
          ['Origin', stack.endpoints.public],
          ['Cookie', cookie],
        ],
      },
    )
    expectUnavailable(answer)
  })
})
