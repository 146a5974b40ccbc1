// `logs`: the services' lines of this run, merged by time, made readable; follows them when asked.

import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { createLineFormatter, timeOf } from '../run/log-lines.ts'
import { createTail } from '../run/tail.ts'
import { serviceLog } from '../state-folder.ts'
import { instanceNames } from '../topology.ts'

const pollMs = 200
const defaultLines = 200
/** The launcher's own lines are among them when it runs in the background. */
const logNames = [...instanceNames, 'launcher']

type Tail = { readonly name: string; readonly readNewLines: () => string[] }
type NamedLine = { readonly name: string; readonly line: string }

/** Prints the last lines of one process or of all; with `follow` goes on until it is stopped. */
export async function logs(context: Context, input: CommandInput): Promise<number> {
  const { output, state } = context
  const [wanted] = input.positionals
  if (wanted !== undefined && !logNames.includes(wanted)) {
    output.error(`no service ${wanted}; there are: ${logNames.join(', ')}`)
    return exitCodes.usage
  }
  const count = `${input.flags['lines'] ?? defaultLines}`
  if (!/^[1-9]\d*$/.test(count)) {
    output.error(`--lines takes a whole number from 1 on, not '${count}'`)
    return exitCodes.usage
  }
  const names = wanted === undefined ? logNames : [wanted]
  if (!names.some((name) => existsSync(serviceLog(state, name)))) {
    output.line(`no logs in ${state.logs}`)
    return exitCodes.notRunning
  }
  const tails = names.map((name) => ({ name, readNewLines: createTail(serviceLog(state, name)) }))
  const format = createLineFormatter(output.colors)
  const show = ({ name, line }: NamedLine) => output.line(format(name, line))
  for (const named of newLinesByTime(tails).slice(-Number(count))) show(named)
  if (input.flags['follow'] === true) await follow(context, tails, show)
  return exitCodes.ok
}

/** Merges files by the time in their lines; a line without one stays behind the line before it. */
function newLinesByTime(tails: readonly Tail[]): NamedLine[] {
  const lines = tails.flatMap(({ name, readNewLines }) => {
    let timeMs = 0
    return readNewLines()
      .filter((line) => line !== '')
      .map((line) => {
        timeMs = timeOf(line) ?? timeMs
        return { name, line, timeMs }
      })
  })
  return lines.toSorted((one, other) => one.timeMs - other.timeMs)
}

async function follow(
  context: Context,
  tails: readonly Tail[],
  show: (named: NamedLine) => void,
): Promise<void> {
  let isStopped = false
  context.onStopRequest(() => {
    isStopped = true
  })
  while (!isStopped) {
    for (const named of newLinesByTime(tails)) show(named)
    await wait(pollMs)
  }
}
