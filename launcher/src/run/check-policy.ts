// Judges sallyport.yml with the settings of a native run, before anything is started. Starts nothing itself.

import type { Context } from '../context.ts'
import { environmentsOf } from '../environment.ts'
import { policyPath, readPolicyFile } from '../policy-file.ts'
import type { Verdict } from './check-services.ts'

/** Any ports do: no rule of the file is about them. */
const internal = {
  verify: 1,
  auth: 2,
  internal: 3,
  sidecarManagement: 4,
  sockets: 5,
  backendManagement: 6,
  pages: 7,
  frontendManagement: 8,
} as const

const ports = { public: 8080, management: 8090, internal, hasIpv6Loopback: true } as const

/** The verdict on the file in force: all faults by line, or how many routes it has. */
export function checkPolicy({ root, state, settings }: Context): Verdict {
  const sidecar = environmentsOf({ root, state, settings, ports })['auth-sidecar']
  const read = readPolicyFile(root, sidecar)
  if (!read.ok) return { isGood: false, said: read.error.join('\n') }
  const { length } = read.value.policy.routes
  const said = `${policyPath(root, sidecar)}: ${length} ${length === 1 ? 'route' : 'routes'}`
  return { isGood: true, said }
}
