// One native run from claim to clean-up, in the process that supervises it. Reads top to bottom: claim,
// secrets, ports, start, ready, wait, stop. What must exist before (Traefik, built pages) is prepared by `up`.

import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ok } from '@sallyport/contracts/result'
import { type Context, exitCodes, type UserSettings } from '../context.ts'
import { addressesOf, type Endpoints } from '../endpoints.ts'
import { environmentsOf, ignoredSettings } from '../environment.ts'
import { claim, release } from '../exclusive.ts'
import { readPolicyFile } from '../policy-file.ts'
import { type ChosenPorts, choosePorts, type PreferredPorts } from '../ports.ts'
import { writeBackendKeys } from '../secrets/assertion-keys.ts'
import { ensureSecrets } from '../secrets/ensure-secrets.ts'
import {
  prepareStateFolder,
  type StatePaths,
  writePrivateFile,
  writePrivateJson,
} from '../state-folder.ts'
import { followPolicy, renderOptionsOf, writeDynamicFiles } from '../traefik/dynamic-files.ts'
import { renderStaticConfig } from '../traefik/render-static-config.ts'
import { readTrustedProxies } from '../traefik/trusted-proxies.ts'
import { childSpecs, stopOrder } from './child-specs.ts'
import { stoppingLine } from './launcher-log.ts'
import { createChildRecord, endLeftovers } from './leftovers.ts'
import { openLogFiles } from './log-files.ts'
import { createLineFormatter } from './log-lines.ts'
import { createPolicyReport } from './policy-faults.ts'
import { type ChildFault, createSupervisor } from './supervisor.ts'

const timing = { readyDeadlineMs: 20_000, pollMs: 50, stopGraceMs: 8000 } as const

type NativeRun = {
  readonly preferredPorts: PreferredPorts
  readonly traefik: string
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
    return await superviseUntilStopped(context, run, stopRequest.promise)
  } finally {
    release(state.launcherPid)
  }
}

async function superviseUntilStopped(
  context: Context,
  run: NativeRun,
  stopRequest: Promise<'stop'>,
): Promise<number> {
  const { state, output } = context
  const prepared = await prepareRun(context, run)
  if (!prepared.ok) {
    for (const fault of prepared.error) output.error(fault)
    return exitCodes.failed
  }
  const { specs, addresses, environments, text } = prepared.value
  const logFiles = openLogFiles(state)
  const record = createChildRecord(state)
  const format = createLineFormatter(output.colors)
  const supervisor = createSupervisor(specs, stopOrder, {
    ...timing,
    onLine: (name, line) => {
      logFiles.write(name, line)
      if (run.streamsLogs) output.line(format(name, line))
    },
    onStarted: (_name, pid) => record.add(pid),
    onReady: (name, tookMs) => output.line(`${name} is ready (${Math.round(tookMs)} ms)`),
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
    else reportFault(context, outcome)
    return outcome === 'stop' ? exitCodes.ok : exitCodes.failed
  } finally {
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
    const endpoints = { ...addresses, pids: { launcher: process.pid, ...supervisor.pids() } }
    writePrivateJson(state.endpoints, endpoints)
    run.onReady(endpoints)
    return Promise.race([stopRequest, supervisor.died])
  }
}

async function prepareRun(context: Context, run: NativeRun) {
  const { root, state, settings, output } = context
  const made = await ensureSecrets(state, Date.now)
  if (made.length > 0) output.line(`made new: ${made.join(', ')} (in ${state.directory})`)
  const ports = await choosePorts(run.preferredPorts)
  sayPorts(context, run.preferredPorts, ports)
  const input = { root, state, settings, ports }
  for (const name of ignoredSettings(input)) {
    output.line(`${name} is ignored: a native run connects its processes itself`)
  }
  const addresses = addressesOf(ports)
  const environments = environmentsOf(input)
  const read = readPolicyFile(root, environments['auth-sidecar'])
  if (!read.ok) return read
  const { policy, text } = read.value
  writeBackendKeys(state, Object.keys(policy.backends))
  writeStaticConfig(root, state, ports, settings)
  writeDynamicFiles(root, state, policy, renderOptionsOf(environments.traefik))
  const specs = childSpecs({ root, state, addresses, environments, traefik: run.traefik })
  return ok({ addresses, environments, specs, text })
}

/** Renders traefik-config/traefik.yml for these ports into the state folder. */
export function writeStaticConfig(
  root: string,
  state: StatePaths,
  ports: ChosenPorts,
  settings: UserSettings,
): void {
  const proxies = readTrustedProxies(settings)
  const source = readFileSync(join(root, 'traefik-config', 'traefik.yml'), 'utf8')
  const rendered = renderStaticConfig(source, {
    publicPort: ports.public,
    managementPort: ports.management,
    hasIpv6Loopback: ports.hasIpv6Loopback,
    dynamicDirectory: state.traefikDynamic,
    accessLog: state.accessLog,
    proxies: proxies.ok ? proxies.value : undefined,
  })
  writePrivateFile(state.traefikStatic, rendered)
}

function sayPorts({ output }: Context, wanted: PreferredPorts, chosen: ChosenPorts): void {
  for (const name of ['public', 'management'] as const) {
    if (wanted[name] !== 0 && wanted[name] !== chosen[name]) {
      output.line(`port ${wanted[name]} (${name}) is taken, using ${chosen[name]}`)
    }
  }
}

function reportFault({ output, state }: Context, fault: ChildFault): void {
  const format = createLineFormatter(false)
  output.error(`${fault.name} ${fault.what}`)
  if (fault.lastLines.length > 0) output.error(`its last lines (all are in ${state.logs}):`)
  for (const line of fault.lastLines) output.error(`  ${format(fault.name, line)}`)
}
