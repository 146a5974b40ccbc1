// `make bench`: runs the groups one after another, prints one table and writes bench.json.
// The only reader of the environment; whatever a group starts is stopped here, on Ctrl-C too.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Context } from './context.ts'
import { chainGroup } from './groups/chain.ts'
import { coldGroup } from './groups/cold.ts'
import { floodGroup } from './groups/flood.ts'
import type { Group } from './groups/group.ts'
import { memoryGroup } from './groups/memory.ts'
import { recheckGroup } from './groups/recheck.ts'
import { refreshGroup } from './groups/refresh.ts'
import { revokeGroup } from './groups/revoke.ts'
import { upGroup } from './groups/up.ts'
import { upgradeGroup } from './groups/upgrade.ts'
import { verifyGroup } from './groups/verify.ts'
import { type GroupName, helpText, type Options, readOptions } from './options.ts'
import { createProcessKeeper, pinningFault } from './processes.ts'
import { allHold, type Measurement, notMeasured, toJson, toTable } from './report.ts'

const groups: Readonly<Record<GroupName, Group>> = {
  verify: verifyGroup,
  cold: coldGroup,
  flood: floodGroup,
  upgrade: upgradeGroup,
  chain: chainGroup,
  memory: memoryGroup,
  revoke: revokeGroup,
  refresh: refreshGroup,
  recheck: recheckGroup,
  up: upGroup,
}

/** A part that hangs must not hang the bench; far above what any part takes. */
const partDeadlineMs = 480_000

/** As shells have it for Ctrl-C. */
const interruptedStatus = 130

const root = resolve(import.meta.dirname, '..', '..')
const say = (line: string) => void process.stderr.write(`${line}\n`)

/** Runs the bench; resolves with the exit status. */
async function bench(options: Options): Promise<number> {
  const fault = pinningFault()
  if (fault) say(`not pinned to cores – ${fault}`)
  const scratch = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const keeper = createProcessKeeper(fault === undefined)
  const context: Context = { options, root, scratch, keeper, inherited: inheritable(), say }
  const tidyUp = async () => {
    await keeper.end()
    rmSync(scratch, { recursive: true, force: true })
  }
  const stopped = new AbortController()
  // What runs breaks as its processes go; the groups then end by themselves and nothing is reported.
  const stop = () => {
    stopped.abort()
    void keeper.end()
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  try {
    const { measurements, broken } = await runGroups(context, stopped.signal)
    if (stopped.signal.aborted) return interruptedStatus
    report(measurements, options.stateFolder)
    return broken || (options.strict && !allHold(measurements)) ? 1 : 0
  } finally {
    await tidyUp()
  }
}

function inheritable(): Record<string, string> {
  const names = ['PATH', 'HOME', 'XDG_CACHE_HOME']
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name]
      return value ? [[name, value]] : []
    }),
  )
}

async function runGroups(context: Context, stopped: AbortSignal) {
  const measurements: Measurement[] = []
  let broken = false
  for (const { figures, measure } of context.options.groups.flatMap((name) => groups[name])) {
    if (stopped.aborted) break
    try {
      measurements.push(...(await withDeadline(measure(context), stopped)))
    } catch (error) {
      broken = true
      const note = error instanceof Error ? error.message : String(error)
      measurements.push(...figures.map((figure) => notMeasured(figure, `broke: ${note}`)))
    }
    await context.keeper.close()
  }
  return { measurements, broken }
}

function withDeadline<T>(work: Promise<T>, stopped: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, reject) => {
    const seconds = partDeadlineMs / 1000
    timer = setTimeout(() => reject(new Error(`took over ${seconds} s`)), partDeadlineMs)
  })
  const interrupted = new Promise<never>((_, reject) => {
    stopped.addEventListener('abort', () => reject(new Error('interrupted')), { once: true })
  })
  return Promise.race([work, deadline, interrupted]).finally(() => clearTimeout(timer))
}

function report(measurements: readonly Measurement[], stateFolder: string): void {
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 })
  const file = join(stateFolder, 'bench.json')
  writeFileSync(file, toJson(measurements))
  process.stdout.write(`\n${toTable(measurements)}`)
  say(`written to ${file}`)
}

const options = readOptions(process.env, process.argv.slice(2), root)
if (!options.ok) {
  say(options.error.join('\n'))
  process.exit(2)
} else if (options.value.help) {
  process.stdout.write(helpText)
} else {
  process.exit(await bench(options.value))
}
