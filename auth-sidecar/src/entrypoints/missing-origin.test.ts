// R3.3: a handshake without Origin is judged by a rule of its own, and the log says of each what came of it.

import { createLog } from '@sallyport/service-kit/log'
import { describe, expect, it } from 'vitest'
import { decideHandshake } from '../handshake/decide-handshake.ts'
import { createDomainFixture, handshakeLines } from '../testing/domain-fixture.ts'
import { createConnectionLog } from './connection-log.ts'

/** One handshake without Origin, and the lines about it. */
async function judge(
  allowMissingOrigin: boolean,
  credentialOf: (cast: { token: string; secret: string }) => Record<string, string>,
) {
  const { deps, route, login } = await createDomainFixture({ allowMissingOrigin })
  const lines = handshakeLines({ origin: undefined, ...credentialOf(await login()) })
  const decision = await decideHandshake(lines, route, deps)
  const written: string[] = []
  const log = createLog('gate', 'debug', { write: (line) => void written.push(line) })
  const connectionLog = createConnectionLog(log, deps.now)
  connectionLog.record(decision, 'r1')
  connectionLog.close()
  const [line = {}, summary = {}] = written.map((text) => JSON.parse(text) as object)
  return { outcome: decision.outcome, line, summary }
}

const byToken = ({ token }: { token: string }) => ({ authorization: `Bearer ${token}` })
const byCookie = ({ secret }: { secret: string }) => ({ cookie: `sessionId=${secret}` })

describe('a handshake without Origin', () => {
  it.each([
    true,
    false,
  ])('R3.3 ORG-3 is refused with a cookie, whether others may do without (%s), and logged', async (allowed) => {
    const { outcome, line, summary } = await judge(allowed, byCookie)
    const reason = 'origin-missing-with-cookie'
    expect(outcome).toMatchObject({ ok: false, error: { code: 'origin-not-allowed', reason } })
    expect(line).toMatchObject({ granted: false, code: 'origin-not-allowed', reason })
    expect(summary).toMatchObject({
      level: 'info',
      outcomes: { [`origin-not-allowed/${reason}`]: 1 },
    })
  })

  it('R3.3 ORG-3 is refused with a token where it is not allowed, and logged', async () => {
    const { outcome, line, summary } = await judge(false, byToken)
    const reason = 'origin-missing'
    expect(outcome).toMatchObject({ ok: false, error: { code: 'origin-not-allowed', reason } })
    expect(line).toMatchObject({ granted: false, reason })
    expect(summary).toMatchObject({ outcomes: { [`origin-not-allowed/${reason}`]: 1 } })
  })

  it('R3.3 ORG-3 is let in with a token where that is allowed, and its line names no origin', async () => {
    const { outcome, line } = await judge(true, byToken)
    expect(outcome.ok).toBe(true)
    expect(line).toMatchObject({ level: 'info', granted: true, way: 'authorization' })
    expect(line).not.toHaveProperty('origin')
  })
})
