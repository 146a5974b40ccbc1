// `down`: asks the supervising process to stop and waits until nothing of the run is left.

import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { removeStale } from '../exclusive.ts'
import { signalProcess } from '../process-mark.ts'
import { endLeftovers, waitUntilGone } from '../run/leftovers.ts'
import { runningLauncher } from '../running.ts'

/** Five stages with eight seconds of grace each, and a little. */
const patienceMs = 48_000

/** Stops the run of this state folder; 0 also when none was running. */
export async function down(context: Context, _input: CommandInput): Promise<number> {
  const { state, output } = context
  const launcher = runningLauncher(state)
  if (launcher) {
    signalProcess(launcher, 'SIGTERM')
    if (!(await waitUntilGone([launcher], patienceMs))) {
      output.line(`process ${launcher.pid} did not stop in time and is killed`)
      signalProcess(launcher, 'SIGKILL')
      await waitUntilGone([launcher], patienceMs)
    }
  }
  const leftovers = await endLeftovers(state)
  removeStale(state.launcherPid)
  if (leftovers > 0) output.line(`ended ${leftovers} processes that were left behind`)
  output.line(launcher || leftovers > 0 ? 'Sallyport is stopped.' : 'Sallyport is not running.')
  return exitCodes.ok
}
