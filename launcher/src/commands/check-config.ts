// `check-config`: asks every service to check the settings a native run would really give it, and judges sallyport.yml.
// Nothing is started and nothing is kept.

import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { checkPolicy } from '../run/check-policy.ts'
import { checkServices } from '../run/check-services.ts'
import { serviceEntries } from '../run/child-specs.ts'
import { decideRun } from '../user-settings.ts'

/** Prints every fault of every service and of sallyport.yml; 0 when there is none. */
export async function checkConfig(context: Context, _input: CommandInput): Promise<number> {
  const { settings, settingsFaults, output } = context
  const wanted = decideRun(settings, settingsFaults)
  for (const fault of wanted.ok ? [] : wanted.error) output.error(`launcher: ${fault}`)
  const names = Object.keys(serviceEntries) as (keyof typeof serviceEntries)[]
  const verdicts = [...(await checkServices(context, names)), checkPolicy(context)]
  for (const { isGood, said } of verdicts) {
    if (isGood) output.line(said)
    else output.error(said)
  }
  return wanted.ok && verdicts.every(({ isGood }) => isGood) ? exitCodes.ok : exitCodes.failed
}
