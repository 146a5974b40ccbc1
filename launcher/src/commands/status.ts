// `status`: one line a process, asked now.

import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { readinessUrl, serviceNames } from '../endpoints.ts'
import { readLastFaults } from '../run/launcher-log.ts'
import { readPolicyFault } from '../run/policy-faults.ts'
import { answersOk } from '../run/readiness.ts'
import { readyEndpoints, runningLauncher } from '../running.ts'

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
    serviceNames.map(async (name) => {
      const isReady = await answersOk(readinessUrl(endpoints, name))
      const url = name === 'traefik' ? endpoints.public : endpoints.services[name].management
      return { name, pid: `${endpoints.pids[name] ?? ''}`, ready: isReady ? 'yes' : 'no', url }
    }),
  )
  const row = (name: string, pid: string, ready: string, url: string) =>
    `${name.padEnd(14)}${pid.padEnd(9)}${ready.padEnd(7)}${url}`
  output.line(row('service', 'pid', 'ready', 'url'))
  for (const { name, pid, ready, url } of rows) output.line(row(name, pid, ready, url))
  const policyFault = readPolicyFault(state)
  if (policyFault !== undefined) output.line(plain(policyFault))
  return rows.every(({ ready }) => ready === 'yes') ? exitCodes.ok : exitCodes.failed
}

/** Without anything that a terminal would obey. */
function plain(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
