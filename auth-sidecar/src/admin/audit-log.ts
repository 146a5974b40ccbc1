// What operators did, one JSON line each in a file of its own and in the ordinary log. A line that cannot be written is
// an outage: what is not on record must not happen. Knows no action; `audited.ts` says when a line is written.

import { open } from 'node:fs/promises'
import type { Log } from '@sallyport/service-kit/log'
import { printableText } from '@sallyport/service-kit/log-text'

/** What stands in the log about one action. No secret is among it: ids and names only. */
export type AuditEntry = {
  /** The admin token's name. */
  readonly who: string
  readonly action: string
  /** What it was done to; names of ours, values of theirs. */
  readonly target: Readonly<Record<string, string | number>>
  /** `intent` before it is done; then `done`, `failed`, or the code of the refusal. */
  readonly outcome: string
  readonly requestId: string
  readonly clientAddress: string
  /** As the operator gave it. */
  readonly reason?: string | undefined
}

export type AuditLog = {
  /** Rejects when the line could not be written; the ordinary log has it, and says so, all the same. */
  readonly record: (entry: AuditEntry) => Promise<void>
}

export type AuditLogDeps = {
  /** Made when it is not there; undefined: the ordinary log only. */
  readonly path: string | undefined
  readonly log: Log
  /** Wall clock, ms. */
  readonly now: () => number
}

/** Builds it. The file is opened anew for each line, so that it may be rotated by moving it away. */
export function createAuditLog({ path, log, now }: AuditLogDeps): AuditLog {
  return {
    async record(entry) {
      const fields = printable(entry)
      if (path !== undefined) {
        const line = { time: new Date(now()).toISOString(), ...fields }
        try {
          await append(path, `${JSON.stringify(line)}\n`)
        } catch (error) {
          log.error({ audit: true, ...fields, err: error }, 'audit log could not be written')
          throw error
        }
      }
      log.info(
        { audit: true, ...fields },
        entry.outcome === 'intent' ? 'operator asks' : 'operator acted',
      )
    },
  }
}

function printable({ target, reason, ...entry }: AuditEntry) {
  const texts = Object.entries(entry).map(([name, text]) => [name, masked(text)])
  const values = Object.entries(target).map(([name, value]) => [name, masked(value)])
  return {
    ...Object.fromEntries(texts),
    target: Object.fromEntries(values) as AuditEntry['target'],
    ...(reason !== undefined && { reason: masked(reason) }),
  }
}

/** An admin token, or a JSON Web Token, where its id or something else was asked for. */
const pastedSecret = /spa_[\w-]+|eyJ[\w-]+(?:\.[\w-]*)+/g

function masked(value: string | number): string | number {
  return typeof value === 'number' ? value : printableText(value).replace(pastedSecret, '[masked]')
}

async function append(path: string, line: string): Promise<void> {
  const file = await open(path, 'a', 0o600)
  try {
    await file.appendFile(line)
    // On the disk before anything is done: a crash must not leave a deed without its line.
    await file.datasync()
  } finally {
    await file.close()
  }
}
