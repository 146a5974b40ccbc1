// `clean`: stops the run and deletes its state folder. The cache of built binaries stays.

import { existsSync } from 'node:fs'
import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { deleteStateFolder } from '../state-folder.ts'
import { down } from './down.ts'

/** Deletes keys, credentials and logs of this state folder, after saying so. */
export async function clean(context: Context, input: CommandInput): Promise<number> {
  const { state, output } = context
  await down(context, input)
  if (!existsSync(state.directory)) return exitCodes.ok
  output.line(`deleting ${state.directory}: keys, demo users, logs`)
  if (!deleteStateFolder(state)) {
    output.line('the folder itself stays: it holds files that are not ours')
  }
  return exitCodes.ok
}
