// `logs`: the services' lines of this run, merged by time, made readable; follows them when asked.

import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { type ServiceName, serviceNames } from '../endpoints.ts'
import { createLineFormatter, timeOf } from '../run/log-lines.ts'
import { createTail } from '../run/tail.ts'
import { serviceLog } from '../state-folder.ts'

const pollMs = 200
const defaultLines = 200

/** Prints the last lines of one service or of all; with `follow` goes on until it is stopped. */
export async function logs(context: Context, input: CommandInput): Promise<number> {
  const { output, state } = context
  const [wanted] = input.positionals
  if (wanted !== undefined && !isServiceName(wanted)) {
    output.error(`no service ${wanted}; there are: ${serviceNames.join(', ')}`)
    return exitCodes.usage
  }
  const files = (wanted === undefined ? serviceNames : [wanted])
    .map((name) => ({ name, path: serviceLog(state, name) }))
    .filter(({ path }) => existsSync(path))
  if (files.length === 0) {
    output.line(`no logs in ${state.logs}`)
    return exitCodes.notRunning
  }
  const format = createLineFormatter(output.colors)
  const texts = files.map((file) => ({ ...file, text: readFileSync(file.path, 'utf8') }))
  const count = Number(input.flags['lines'] ?? defaultLines)
  for (const { name, line } of mergeByTime(texts).slice(-count)) output.line(format(name, line))
  if (input.flags['follow'] !== true) return exitCodes.ok
  await follow(context, texts, (name, line) => output.line(format(name, line)))
  return exitCodes.ok
}

/** Merges files by the time in their lines; a line without one stays behind the line before it. */
export function mergeByTime(files: readonly { readonly name: string; readonly text: string }[]) {
  const lines = files.flatMap(({ name, text }) => {
    let timeMs = 0
    return text
      .split('\n')
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
  files: readonly { readonly name: string; readonly path: string; readonly text: string }[],
  onLine: (name: string, line: string) => void,
): Promise<void> {
  let isStopped = false
  context.onStopRequest(() => {
    isStopped = true
  })
  const tails = files.map(({ name, path, text }) => ({
    name,
    read: createTail(path, Buffer.byteLength(text)),
  }))
  while (!isStopped) {
    for (const { name, read } of tails) for (const line of read()) onLine(name, line)
    await wait(pollMs)
  }
}

function isServiceName(name: string): name is ServiceName {
  return serviceNames.some((known) => known === name)
}
