// One native run from claim to clean-up, in the process that supervises it. Reads top to bottom: claim, prepare, start,
// ready, wait, stop. What must exist before (Traefik, built pages) is prepared by `up`.

import { rmSync } from 'node:fs'
import { type Context, exitCodes } from '../context.ts'
import { type Endpoints, instancesOf, topologyOf } from '../endpoints.ts'
import { claim, release } from '../exclusive.ts'
import { prepareStateFolder, writePrivateJson } from '../state-folder.ts'
import { stopStages } from '../topology.ts'
import { followPolicy } from '../traefik/dynamic-files.ts'
import type { RunPlan } from '../user-settings.ts'
import type { Binaries } from './child-specs.ts'
import type { ChildFault, KeepDeps } from './kept-child.ts'
import { stoppingLine } from './launcher-log.ts'
import { createChildRecord, endLeftovers } from './leftovers.ts'
import { openLogFiles } from './log-files.ts'
import { createLineFormatter } from './log-lines.ts'
import { lossLines, restartLine } from './loss-lines.ts'
import { createPolicyReport } from './policy-faults.ts'
import { type PreparedRun, prepareRun } from './prepare-run.ts'
import { createSupervisor } from './supervisor.ts'

const timing = {
  readyDeadlineMs: 20_000,
  pollMs: 50,
  stopGraceMs: 8000,
  // A pair whose sidecar stands still has to be back within five seconds: half of it is for noticing.
  watchdog: { intervalMs: 250, patienceMs: 750, misses: 3 },
  restartLimit: { restarts: 5, withinMs: 60_000 },
  now: () => performance.now(),
} as const satisfies Partial<KeepDeps>

type NativeRun = {
  readonly plan: RunPlan
  readonly binaries: Binaries
  /** Whether the services' lines are shown here, beside being kept in their files. */
  readonly streamsLogs: boolean
  readonly onReady: (endpoints: Endpoints) => void
}

/** Runs the system until it is told to stop or a child dies; the exit code says which. */
export async function runNative(context: Context, run: NativeRun): Promise<number> {
  const { state, output } = context
  prepareStateFolder(state)
  const holder = claim(state.launcherPid)
  if (holder) {
    output.error(`another launcher (process ${holder.pid}) runs on ${state.directory} already`)
    return exitCodes.failed
  }
  const stopRequest = Promise.withResolvers<'stop'>()
  context.onStopRequest(() => stopRequest.resolve('stop'))
  const leftovers = await endLeftovers(state)
  if (leftovers > 0) output.line(`ended ${leftovers} processes that an earlier run left behind`)
  try {
    const prepared = await prepareRun(context, run.plan, run.binaries)
    if (prepared.ok)
      return await superviseUntilStopped(context, run, prepared.value, stopRequest.promise)
    for (const fault of prepared.error) output.error(fault)
    return exitCodes.failed
  } finally {
    release(state.launcherPid)
  }
}

async function superviseUntilStopped(
  context: Context,
  run: NativeRun,
  prepared: PreparedRun,
  stopRequest: Promise<'stop'>,
): Promise<number> {
  const { state, output } = context
  const { stages, addresses, environments, text } = prepared
  const topology = topologyOf(addresses)
  const logFiles = openLogFiles(state, instancesOf(addresses))
  const record = createChildRecord(state)
  const format = createLineFormatter(output.colors)
  let isRunReady = false
  const supervisor = createSupervisor(stages, stopStages(topology), {
    ...timing,
    onLine: (name, line) => {
      logFiles.write(name, line)
      if (run.streamsLogs) output.line(format(name, line))
    },
    onStarted: (_name, pid) => record.add(pid),
    onReady: (name, tookMs) => {
      output.line(`${name} is ready (${Math.round(tookMs)} ms)`)
      // It is another process from now on.
      if (isRunReady) writeEndpoints()
    },
    onRestart: (name, why) => output.warn(restartLine(name, why, topology.state)),
  })
  const policyReport = createPolicyReport(state, output)
  const policy = followPolicy({
    root: context.root,
    state,
    environments,
    text,
    ...policyReport,
  })
  try {
    const outcome = await untilItEnds()
    if (outcome === 'stop') output.line(stoppingLine)
    else for (const line of lossLines(outcome, state)) output.error(line)
    return outcome === 'stop' ? exitCodes.ok : exitCodes.failed
  } finally {
    isRunReady = false
    rmSync(state.endpoints, { force: true })
    policy.close()
    policyReport.close()
    await supervisor.close()
    await record.close()
    await logFiles.close()
    output.line('stopped')
  }

  async function untilItEnds(): Promise<'stop' | ChildFault> {
    const started = await Promise.race([supervisor.start(), stopRequest])
    if (started === 'stop') return 'stop'
    if (!started.ok) return started.error
    isRunReady = true
    run.onReady(writeEndpoints())
    return Promise.race([stopRequest, supervisor.died])
  }

  function writeEndpoints(): Endpoints {
    const endpoints = { ...addresses, pids: { launcher: process.pid, ...supervisor.pids() } }
    writePrivateJson(state.endpoints, endpoints)
    return endpoints
  }
}
