import { mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '@sallyport/service-kit/log'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMetrics } from '../metrics.ts'
import { createAuditLog } from './audit-log.ts'
import { audited } from './audited.ts'

const entry = {
  who: 'operator',
  action: 'end-session',
  target: { sessionId: 's1' },
  outcome: 'done',
  requestId: 'r1',
  clientAddress: '203.0.113.9',
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-audit-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function start(name = 'audit.jsonl') {
  const lines: string[] = []
  const log = createLog('auth-sidecar', 'info', { write: (line) => void lines.push(line) })
  const path = join(folder, name)
  const audit = createAuditLog({ path, log, now: () => 1_800_000_000_000 })
  return { audit, lines, path, read: () => readFileSync(path, 'utf8') }
}

describe('the audit log', () => {
  it('SES-7 has one line an entry, in a file that is its owner’s only, and one in the ordinary log', async () => {
    const { audit, lines, path, read } = start()
    await audit.record(entry)
    await audit.record({ ...entry, reason: 'asked for' })
    expect(
      read()
        .split('\n')
        .slice(0, 2)
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { time: '2027-01-15T08:00:00.000Z', ...entry },
      { time: '2027-01-15T08:00:00.000Z', ...entry, reason: 'asked for' },
    ])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(lines).toHaveLength(2)
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ audit: true, ...entry, reason: 'asked for' })
  })

  it('SES-7 says of an intent that somebody asks, not that it is done', async () => {
    const { audit, lines } = start()
    for (const outcome of ['intent', 'done']) await audit.record({ ...entry, outcome })
    const said = lines.map((line) => (JSON.parse(line) as { readonly msg: string }).msg)
    expect(said).toEqual(['operator asks', 'operator acted'])
  })

  it('SES-7 does nothing to what it cannot put on record', async () => {
    let records = 0
    const record = async () => {
      records += 1
      if (records > 1) throw new Error('disk full')
    }
    const { outcome: _outcome, who, requestId, clientAddress, ...action } = entry
    const done: string[] = []
    const asked = audited(
      action,
      { who, requestId, clientAddress },
      { audit: { record }, metrics: createMetrics() },
      async (noteTarget) => {
        await noteTarget({ subject: 'alice' })
        done.push('ended')
        return { ok: true, value: undefined } as const
      },
    )
    await expect(asked).rejects.toThrow('disk full')
    expect(done).toEqual([])
  })

  it('SES-7 may be moved away while it is written', async () => {
    const { audit, path, read } = start()
    await audit.record(entry)
    renameSync(path, `${path}.1`)
    await audit.record({ ...entry, outcome: 'failed' })
    expect(read()).toContain('"failed"')
    expect(read()).not.toContain('"done"')
  })

  it('LOG-2 LOG-3 has nothing in it that could break a line, turn a text, or open a door', async () => {
    const { audit, lines, read } = start()
    const secret = `spa_${'s'.repeat(43)}`
    const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'
    await audit.record({
      ...entry,
      target: { subject: `a\nb\u202ec\${x}`, tokenId: token, path: `/admin/sessions/${secret}` },
      reason: `pasted ${secret} and ${token}`,
    })
    expect(JSON.parse(read())).toMatchObject({
      target: { subject: 'a?b?c?{x}', tokenId: '[masked]', path: '/admin/sessions/[masked]' },
      reason: 'pasted [masked] and [masked]',
    })
    expect(lines.join('')).not.toContain('sssss')
  })

  it('SES-7 says that it could not be written, and rejects', async () => {
    const { audit, lines } = start('no-such-folder/audit.jsonl')
    await expect(audit.record(entry)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'error', audit: true, ...entry })
  })

  it('SES-7 is the ordinary log alone when no file is named', async () => {
    const { lines } = start()
    const log = createLog('auth-sidecar', 'info', { write: (line) => void lines.push(line) })
    await createAuditLog({ path: undefined, log, now: Date.now }).record(entry)
    expect(lines.join('')).toContain('"audit":true')
  })

  it('SES-7 keeps what was done when only its last line is missing', async () => {
    const metrics = createMetrics()
    const recorded: string[] = []
    const audit = {
      record: async ({ outcome }: { outcome: string }) => {
        if (outcome !== 'intent') throw new Error('disk full')
        recorded.push(outcome)
      },
    }
    const work = async () => ({ ok: true, value: 'done' }) as const
    const { outcome: _outcome, who, requestId, clientAddress, ...action } = entry
    const caller = { who, requestId, clientAddress }
    const done = await audited(action, caller, { audit, metrics }, work)
    expect(done).toEqual({ ok: true, value: 'done' })
    expect(recorded).toEqual(['intent'])
    expect(await metrics.registry.metrics()).toContain(
      'sallyport_admin_actions_total{action="end-session",outcome="done"} 1',
    )
  })
})
