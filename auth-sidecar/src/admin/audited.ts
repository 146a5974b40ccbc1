// An action of an operator with its lines in the audit log: the intent before anything is done, then what came of it.
// Without an intent nothing is done, also where what it is done to is found out only on the way.

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

/** Puts on record what the action turned out to be done to; resolves when that may be done. Rejects on an outage. */
export type NoteTarget = (found: AuditEntry['target']) => Promise<void>

/** Does what `work` does, on record. Rejects on an outage, of the audit log too. */
export async function audited<Done>(
  action: AuditedAction,
  caller: AdminCaller,
  { audit, metrics }: AuditedDeps,
  work: (noteTarget: NoteTarget) => Promise<Result<Done, Denial>>,
): Promise<Result<Done, Denial>> {
  const { who, requestId, clientAddress } = caller
  let entry = { who, requestId, clientAddress, ...action }
  const conclude = async (outcome: string) => {
    metrics.adminActions.inc({ action: action.action, outcome })
    // It is done, or not, whatever becomes of this line; the log has said that it is missing.
    await audit.record({ ...entry, outcome }).catch(() => {})
  }
  const intend = () => audit.record({ ...entry, outcome: 'intent' })
  const noteTarget: NoteTarget = (found) => {
    entry = { ...entry, target: { ...entry.target, ...found } }
    return intend()
  }
  await intend()
  try {
    const done = await work(noteTarget)
    await conclude(done.ok ? 'done' : done.error.code)
    return done
  } catch (error) {
    await conclude('failed')
    throw error
  }
}
