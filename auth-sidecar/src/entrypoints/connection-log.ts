// R0.5: one structured line an attempt, and never a credential. Input from outside is cut and made printable.

import type { Log } from '@sallyport/service-kit/log'
import type { Decision } from '../handshake/decide-handshake.ts'

/** Refusals are debug (a bot storm must not fill the disk), floods warn, allowed handshakes info. */
export function logDecision(log: Log, decision: Decision, requestId: string): void {
  const { outcome, clientAddress } = decision
  const common = { requestId, clientAddress, origin: printable(decision.origin) }
  if (outcome.ok) {
    const { subject, sessionId, way } = outcome.value.identity
    log.info({ ...common, granted: true, subject, sessionId, way }, `authenticated by ${way}`)
    return
  }
  const { code, reason } = outcome.error
  const level = code === 'rate-limited' ? 'warn' : code === 'unavailable' ? 'error' : 'debug'
  log[level]({ ...common, granted: false, code, reason }, 'handshake refused')
}

/** At most 200 printable ASCII characters; JSON escaping alone would let direction marks through. */
function printable(text: string | undefined): string | undefined {
  return text?.slice(0, 200).replace(/[^\x20-\x7e]/g, '?')
}
