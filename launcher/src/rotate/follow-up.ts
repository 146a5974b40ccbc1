// Between two stages of a rotation: has every running service in force what lies on disk? Tells people how it goes. A
// system that does not run has nothing to wait for.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOfRing, type KeyRingName, keyRingMetric } from '@sallyport/contracts/key-rings'
import type { Output } from '../context.ts'
import { type StatePaths, tlsDirectory } from '../state-folder.ts'
import { type FollowerKind, type RunningService, readDigest } from './running-services.ts'
import { followDeadlineMs, followPollMs, waitForAll } from './wait-for-services.ts'

export type FollowUp = {
  /** False, with a line for each service at fault, when not all have the ring's files in force in time. */
  readonly isInForce: (ring: KeyRingName, stage: string) => Promise<boolean>
}

export type FollowUpInput = {
  readonly state: StatePaths
  /** None when nothing runs. */
  readonly services: readonly RunningService[]
  readonly output: Pick<Output, 'line' | 'error'>
  readonly deadlineMs?: number
}

/** The file that names the admin tokens; of their hashes only. */
export function adminTokensFile(state: StatePaths): string {
  return join(state.keys, 'admin-tokens.json')
}

/** The files that a service of this kind follows for a ring, in the order of its digest; undefined: none. */
export function filesOf(
  state: StatePaths,
  ring: KeyRingName,
  kind: FollowerKind,
): readonly string[] | undefined {
  if (ring === 'certificates') {
    const names = ['authority.pem', 'certificate.pem', 'key.pem']
    return names.map((name) => join(tlsDirectory(state, kind), name))
  }
  if (kind === 'ws-backend') return ring === 'assertion' ? [state.assertionBackend] : undefined
  if (kind === 'frontend') return undefined
  const files = {
    token: state.tokenKeys,
    assertion: state.assertionMaster,
    admin: adminTokensFile(state),
  }
  return [files[ring]]
}

/** Builds the question for one running system, or none. */
export function createFollowUp(input: FollowUpInput): FollowUp {
  const { state, services, output, deadlineMs = followDeadlineMs } = input
  return {
    async isInForce(ring, stage) {
      const expected = services.flatMap((service) => {
        const files = filesOf(state, ring, service.kind)
        if (!files) return []
        const digest = digestOfRing(files.map((path) => readFileSync(path, 'utf8')))
        const isThere = async () => (await readDigest(service, keyRingMetric, { ring })) === digest
        return [{ name: service.name, isThere }]
      })
      const outcome = await waitForAll(expected, {
        deadlineMs,
        pollMs: followPollMs,
        onThere: (name, tookMs) => output.line(`  ${stage}: ${name} (${Math.round(tookMs)} ms)`),
      })
      if (outcome.ok) return true
      for (const name of outcome.error) {
        output.error(
          `${name} has not taken the files over within ${deadlineMs / 1000} s; why: make logs SERVICE=${name}`,
        )
      }
      return false
    },
  }
}
