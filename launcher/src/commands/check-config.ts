// `check-config`: asks every service to check the settings a native run would really give it, and judges sallyport.yml.
// Nothing is started and nothing is kept.

import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { ignoredLine, ignoredSettings } from '../environment.ts'
import { faultOfBypass } from '../run/check-bypass.ts'
import { anyPorts, checkPolicy } from '../run/check-policy.ts'
import { checkServices, mergeFaults } from '../run/check-services.ts'
import { serviceEntries } from '../run/child-specs.ts'
import { decideRun } from '../user-settings.ts'

/** Prints every fault of every service and of sallyport.yml; 0 when there is none. */
export async function checkConfig(context: Context, _input: CommandInput): Promise<number> {
  const { settings, settingsFaults, output } = context
  const wanted = decideRun(settings, settingsFaults)
  for (const fault of wanted.ok ? [] : wanted.error) output.error(`launcher: ${fault}`)
  const ignored = ignoredSettings({ ...context, ports: anyPorts })
  for (const name of ignored) output.line(ignoredLine(name))
  const names = Object.keys(serviceEntries) as (keyof typeof serviceEntries)[]
  const services = await checkServices(context, names)
  const policy = checkPolicy(context)
  for (const { isGood, said } of [...services, policy]) if (isGood) output.line(said)
  for (const fault of mergeFaults(services)) output.error(fault)
  if (!policy.isGood) output.error(policy.said)
  const bypass = faultOfBypass(context)
  if (bypass !== undefined) output.error(`auth-sidecar: ${bypass}`)
  const isGood = [...services, policy].every((verdict) => verdict.isGood)
  return wanted.ok && isGood && bypass === undefined ? exitCodes.ok : exitCodes.failed
}
