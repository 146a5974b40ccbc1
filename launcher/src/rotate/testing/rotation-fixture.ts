// A state folder with keys, and services that follow it in a test's own way. Test code only.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestOfRing, type KeyRingName, keyRingMetric } from '@sallyport/contracts/key-rings'
import { ensureSecrets } from '../../secrets/ensure-secrets.ts'
import { type StatePaths, statePaths } from '../../state-folder.ts'
import { type FollowUp, filesOf } from '../follow-up.ts'
import type { FollowerKind, RunningService } from '../running-services.ts'

export const startMs = Date.UTC(2030, 0, 1)

/** Makes the folder with everything that a first run makes. */
export async function makeState(): Promise<{
  readonly state: StatePaths
  readonly remove: () => void
}> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-rotate-'))
  const state = statePaths(join(folder, 'state'))
  await ensureSecrets(state, () => startMs)
  return { state, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Remembers what was printed. */
export function recordOutput() {
  const lines: string[] = []
  const errors: string[] = []
  const output = {
    line: (text = '') => void lines.push(text),
    error: (text: string) => void errors.push(text),
  }
  return { output, lines, errors, all: () => [...lines, ...errors].join('\n') }
}

/** A system that follows at once until the stage `stopsAt`; `look` is called at each stage. */
export function followingUntil(stopsAt: string | undefined, look: (stage: string) => void) {
  const followUp: FollowUp = {
    async isInForce(_ring, stage) {
      look(stage)
      return stopsAt === undefined || !stage.startsWith(stopsAt)
    },
  }
  return followUp
}

export type FakeService = RunningService & { readonly close: () => Promise<void> }

/** A management listener on a port of the system's choice. */
export async function serve(
  kind: FollowerKind,
  metrics: () => string,
  onOther: (request: IncomingMessage, response: ServerResponse) => void = () => {},
): Promise<FakeService> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') onOther(request, response)
    response.end(request.url === '/metrics' ? metrics() : '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    kind,
    name: kind,
    management: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** The line of a service that has these rings in force as they lie on disk now. */
export function metricLines(
  state: StatePaths,
  kind: FollowerKind,
  rings: readonly KeyRingName[],
): string {
  return rings
    .map((ring) => {
      const texts = (filesOf(state, ring, kind) ?? []).map((path) => readFileSync(path, 'utf8'))
      return `${keyRingMetric}{ring="${ring}",digest="${digestOfRing(texts)}"} 1\n`
    })
    .join('')
}
