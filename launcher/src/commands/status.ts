// `status`: one line a process, asked now.

import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { type Endpoints, instancesOf, replicaOf } from '../endpoints.ts'
import { readLastFaults } from '../run/launcher-log.ts'
import { readPolicyFault } from '../run/policy-faults.ts'
import { createReadiness } from '../run/readiness.ts'
import { readyEndpoints, runningLauncher } from '../running.ts'
import type { StatePaths } from '../state-folder.ts'
import type { Instance } from '../topology.ts'

/** 0 when all are ready, 1 when some are not, 3 when nothing runs. */
export async function status(context: Context, _input: CommandInput): Promise<number> {
  const { state, output } = context
  const endpoints = readyEndpoints(state)
  if (!endpoints) {
    const launcher = runningLauncher(state)
    output.line(launcher ? 'Sallyport is starting or stopping.' : 'Sallyport is not running.')
    const faults = launcher ? [] : readLastFaults(state)
    if (faults.length > 0)
      output.line('The last run ended by a fault (more: `make logs SERVICE=launcher`):')
    for (const fault of faults) output.line(`  ${plain(fault)}`)
    return launcher ? exitCodes.failed : exitCodes.notRunning
  }
  const rows = await Promise.all(
    instancesOf(endpoints).map((instance) => rowOf(state, endpoints, instance)),
  )
  const row = (name: string, pid: string, ready: string, url: string) =>
    `${name.padEnd(16)}${pid.padEnd(9)}${ready.padEnd(7)}${url}`
  output.line(row('service', 'pid', 'ready', 'url'))
  for (const { name, pid, ready, url } of rows) output.line(row(name, pid, ready, url))
  const policyFault = readPolicyFault(state)
  if (policyFault !== undefined) output.line(plain(policyFault))
  return rows.every(({ ready }) => ready === 'yes') ? exitCodes.ok : exitCodes.failed
}

async function rowOf(state: StatePaths, endpoints: Endpoints, instance: Instance) {
  const { name, service } = instance
  const pid = `${endpoints.pids[name] ?? ''}`
  const answers = createReadiness(state, endpoints, instance)
  const ready = (await answers().catch(() => false)) ? 'yes' : 'no'
  if (service === 'redis') {
    return { name, pid, ready, url: `redis://127.0.0.1:${endpoints.redis?.port}` }
  }
  const addresses = replicaOf(endpoints, instance)
  if (service === 'traefik') return { name, pid, ready, url: addresses.public }
  const { management } = addresses.services[service]
  // Backends name a sidecar in their log by this one.
  const { internal } = addresses.services['auth-sidecar']
  const url = service === 'auth-sidecar' ? `${management}, for backends ${internal}` : management
  return { name, pid, ready, url }
}

/** Without anything that a terminal would obey. */
function plain(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
