// An action of an operator with its two lines in the audit log: the intent before anything is done, then what came of
// it. Without the first nothing is done.

import type { Denial } from '@sallyport/contracts/denials'
import type { Result } from '@sallyport/contracts/result'
import type { Metrics } from '../metrics.ts'
import type { AuditEntry, AuditLog } from './audit-log.ts'

/** Who asks, as far as the audit log wants to know. */
export type AdminCaller = Pick<AuditEntry, 'who' | 'requestId' | 'clientAddress'>

export type AuditedDeps = {
  readonly audit: AuditLog
  readonly metrics: Pick<Metrics, 'adminActions'>
}

/** Of `action` the name is a constant of ours. */
export type AuditedAction = Pick<AuditEntry, 'action' | 'target' | 'reason'>

/** Does what `work` does, on record. Rejects on an outage, of the audit log too. */
export async function audited<Done>(
  action: AuditedAction,
  caller: AdminCaller,
  { audit, metrics }: AuditedDeps,
  work: () => Promise<Result<Done, Denial>>,
): Promise<Result<Done, Denial>> {
  const { who, requestId, clientAddress } = caller
  const entry = { who, requestId, clientAddress, ...action }
  const conclude = async (outcome: string) => {
    metrics.adminActions.inc({ action: action.action, outcome })
    // It is done, or not, whatever becomes of this line; the log has said that it is missing.
    await audit.record({ ...entry, outcome }).catch(() => {})
  }
  await audit.record({ ...entry, outcome: 'intent' })
  try {
    const done = await work()
    await conclude(done.ok ? 'done' : done.error.code)
    return done
  } catch (error) {
    await conclude('failed')
    throw error
  }
}
