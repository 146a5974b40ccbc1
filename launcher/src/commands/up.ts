// `up`: decides what is run, prepares what takes long (Traefik, the pages), then supervises here
// or leaves that to a process in the background and waits for it.

import { execFile, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { ok } from '@sallyport/contracts/result'
import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { servicesWithSettings } from '../environment.ts'
import { requireRedis } from '../redis/find-redis.ts'
import { ensurePages } from '../run/build-pages.ts'
import { faultOfBypass } from '../run/check-bypass.ts'
import { checkPolicy } from '../run/check-policy.ts'
import { checkServices, mergeFaults } from '../run/check-services.ts'
import type { Binaries } from '../run/child-specs.ts'
import { createLogOutput, readLogEntry } from '../run/launcher-log.ts'
import { keepPrevious, openFresh } from '../run/log-files.ts'
import { runNative } from '../run/run-native.ts'
import { createTail } from '../run/tail.ts'
import { runningLauncher, waitForEndpoints } from '../running.ts'
import { settingsOfRun } from '../settings-faults.ts'
import { prepareStateFolder } from '../state-folder.ts'
import { summaryLines } from '../summary.ts'
import { ensureTraefik } from '../traefik/build-traefik.ts'
import { decideRun, type RunPlan } from '../user-settings.ts'

const composeAnswerMs = 3000

/** Starts the system; 0 when it is ready (or was stopped by its user), else the fault is printed. */
export async function up(context: Context, _input: CommandInput): Promise<number> {
  const { settings, output, state } = context
  const wanted = decideRun(settings, context.settingsFaults)
  const isGood = await sayObjections(context, wanted)
  if (!wanted.ok || !isGood) return exitCodes.usage
  if (runningLauncher(state)) return joinRunning(context)
  if (settings['MODE'] === undefined && (await composeAnswers(context))) {
    output.line('starting natively: container mode comes with a later release')
  }
  const binaries = await prepare(context, wanted.value)
  if (binaries === undefined) {
    output.error('nothing was started')
    return exitCodes.failed
  }
  if (settings['SALLYPORT_FOREGROUND'] === '1') return foreground(context, wanted.value, binaries)
  const stays = output.isTerminal && settings['DETACH'] !== '1'
  return stays ? foreground(context, wanted.value, binaries) : detach(context)
}

/** Before the long work, and all at once; false when there is a fault. */
async function sayObjections(
  context: Context,
  wanted: ReturnType<typeof decideRun>,
): Promise<boolean> {
  const { settings, output, state } = context
  // Only services that were given something can object to it.
  const services = await checkServices(context, servicesWithSettings(settings))
  const policy = checkPolicy(context)
  const bypass = faultOfBypass(context)
  const ofSettings = [
    ...(wanted.ok ? [] : wanted.error),
    ...mergeFaults(services),
    ...(bypass === undefined ? [] : [bypass]),
  ]
  const all = [...ofSettings, ...(policy.isGood ? [] : [policy.said])]
  for (const said of all) output.error(said)
  if (all.length === 0) return true
  const documents = [
    ...(ofSettings.length > 0 ? ['all settings: docs/settings.md'] : []),
    ...(policy.isGood ? [] : ['sallyport.yml: docs/policies.md']),
  ]
  const running = runningLauncher(state) ? 'Sallyport is running already and stays as it is' : ''
  output.error([running || 'nothing was started', ...documents].join('; '))
  return false
}

/** Supervises in this process, which `up` started in the background. */
export async function supervise(given: Context, _input: CommandInput): Promise<number> {
  const context = { ...given, output: createLogOutput(given.output.line, Date.now) }
  const wanted = decideRun(context.settings, context.settingsFaults)
  for (const fault of wanted.ok ? [] : wanted.error) context.output.error(fault)
  const binaries = wanted.ok ? await prepare(context, wanted.value) : undefined
  if (!wanted.ok || binaries === undefined) return exitCodes.failed
  return runNative(context, {
    plan: wanted.value,
    binaries,
    streamsLogs: false,
    onReady: ({ public: url }) => context.output.line(`ready ${url}`),
  })
}

/** Has everything ready that a run needs; undefined when something cannot be had (said). */
async function prepare(context: Context, { topology }: RunPlan): Promise<Binaries | undefined> {
  const { settings, output } = context
  // First: it is there or it is not, the others may take minutes.
  const redis = topology.state === 'redis' ? await requireRedis(settings) : ok(undefined)
  const traefik = redis.ok ? await ensureTraefik(context) : redis
  const pages = traefik.ok ? await ensurePages(context) : traefik
  if (pages.ok && traefik.ok && redis.ok) return { traefik: traefik.value, redis: redis.value }
  if (!pages.ok) output.error(pages.error)
  return undefined
}

function foreground(context: Context, plan: RunPlan, binaries: Binaries) {
  const { output, state } = context
  // What an earlier run in the background said is not of this run.
  if (!runningLauncher(state)) keepPrevious(state.launcherLog)
  return runNative(context, {
    plan,
    binaries,
    streamsLogs: true,
    onReady: (endpoints) => {
      for (const line of summaryLines(context, endpoints)) output.line(line)
      output.line(output.isTerminal ? 'Ctrl-C stops everything.' : `ready ${endpoints.public}`)
    },
  })
}

async function detach(context: Context): Promise<number> {
  const { state, output } = context
  prepareStateFolder(state)
  const log = openFresh(state.launcherLog)
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'main.ts'), 'supervise'], {
    cwd: context.root,
    env: { ...context.settings, SALLYPORT_STATE: state.directory },
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  let ended: string | undefined
  child.once('error', (error) => {
    ended = error.name
  })
  child.once('exit', (code, signal) => {
    ended = `${signal ?? code}`
  })
  context.onStopRequest(() => child.kill('SIGTERM'))
  const readNewLines = createTail(state.launcherLog)
  const showProgress = () => {
    for (const { level, text } of readNewLines().map(readLogEntry)) {
      if (level === 'error') output.error(text)
      else if (level === 'warn') output.warn(text)
      else if (!text.startsWith('ready ')) output.line(text)
    }
  }
  const endpoints = await waitForEndpoints(state, () => {
    showProgress()
    return ended !== undefined
  })
  showProgress()
  if (!endpoints) {
    output.error(`Sallyport did not start (supervisor: ${ended})`)
    return exitCodes.failed
  }
  child.unref()
  for (const line of summaryLines(context, endpoints)) output.line(line)
  return exitCodes.ok
}

async function joinRunning(context: Context): Promise<number> {
  const { state, output } = context
  const endpoints = await waitForEndpoints(state, () => runningLauncher(state) === undefined)
  if (!endpoints) {
    output.error('the run that was starting has ended; `make logs` may say why')
    return exitCodes.failed
  }
  output.line(`Sallyport is running already: ${endpoints.public}`)
  const given = settingsOfRun(context.settings)
  if (given.length > 0) {
    output.line(`${given.join(', ')}: settings of this call are not applied; make down first`)
  }
  for (const line of summaryLines(context, endpoints)) output.line(line)
  return exitCodes.ok
}

function composeAnswers({ settings }: Context): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { env: { ...settings }, timeout: composeAnswerMs }
    execFile('docker', ['compose', 'version'], options, (error) => resolve(error === null))
  })
}
