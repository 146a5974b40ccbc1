// Judges sallyport.yml with the settings of a native run, before anything is started. Starts nothing itself.

import type { Context } from '../context.ts'
import { environmentsOf } from '../environment.ts'
import { policyPath, readPolicyFile } from '../policy-file.ts'
import type { ChosenPorts } from '../ports.ts'
import type { Verdict } from './check-services.ts'

/** For what ports do not matter to, like every rule of the file. */
export const anyPorts: ChosenPorts = {
  replicas: [
    {
      public: 8080,
      management: 8090,
      verify: 1,
      auth: 2,
      internal: 3,
      admin: 4,
      sidecarManagement: 5,
      sockets: 6,
      backendManagement: 7,
    },
  ],
  frontend: { pages: 8, management: 9 },
  hasIpv6Loopback: true,
}

/** The verdict on the file in force: all faults by line, or how many routes it has. */
export function checkPolicy({ root, state, settings }: Context): Verdict {
  const sidecar = environmentsOf({ root, state, settings, ports: anyPorts })['auth-sidecar']
  const read = readPolicyFile(root, sidecar)
  if (!read.ok) return { isGood: false, said: read.error.join('\n') }
  const { length } = read.value.policy.routes
  const said = `${policyPath(root, sidecar)}: ${length} ${length === 1 ? 'route' : 'routes'}`
  return { isGood: true, said }
}
