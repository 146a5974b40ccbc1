// `check-config`: asks every service to check the settings a native run would really give it.
// Nothing is started and nothing is kept: keys and folders are made in a temporary place.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { type ChildEnvironment, environmentsOf } from '../environment.ts'
import { choosePorts } from '../ports.ts'
import { serviceEntries } from '../run/child-specs.ts'
import { writeStaticConfig } from '../run/run-native.ts'
import { ensureSecrets } from '../secrets/ensure-secrets.ts'
import { statePaths } from '../state-folder.ts'
import { decideRun } from '../user-settings.ts'

/** Prints every fault of every service; 0 when there is none. */
export async function checkConfig(context: Context, _input: CommandInput): Promise<number> {
  const { root, settings, output } = context
  const wanted = decideRun(settings)
  for (const fault of wanted.ok ? [] : wanted.error) output.error(`launcher: ${fault}`)
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-check-'))
  try {
    const state = statePaths(directory)
    await ensureSecrets(state, Date.now)
    const ports = await choosePorts({ public: 0, management: 0 })
    writeStaticConfig(root, state, ports)
    const environments = environmentsOf({ root, state, ports, settings })
    const names = Object.keys(serviceEntries) as (keyof typeof serviceEntries)[]
    const areGood = await Promise.all(
      names.map((name) => check(context, serviceEntries[name], environments[name])),
    )
    return wanted.ok && areGood.every(Boolean) ? exitCodes.ok : exitCodes.failed
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function check(
  { root, output }: Context,
  entry: string,
  environment: ChildEnvironment,
): Promise<boolean> {
  const child = spawn(process.execPath, [join(root, entry), '--check-config'], {
    cwd: root,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve)
  })
  const [printed, complaints, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended,
  ])
  if (printed !== '') output.line(printed.trimEnd())
  if (complaints !== '') output.error(complaints.trimEnd())
  return code === 0
}
