// `doctor`: looks at what `up` and its neighbours need, and says how to get what is missing.

import { execFile } from 'node:child_process'
import { existsSync, statfsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { findOnPath } from '../find-on-path.ts'
import { canListenOnIpv6, isPortFree, preferredOf } from '../ports.ts'
import { findRedis, redisRemedy } from '../redis/find-redis.ts'
import { runningLauncher } from '../running.ts'
import { findGo, oldestGo } from '../traefik/find-go.ts'
import { findTraefik, traefikVersion, versionOf } from '../traefik/find-traefik.ts'
import { decideRun } from '../user-settings.ts'

/** One line of the report. Only what is `needed` makes the doctor fail. */
type Finding = {
  readonly name: string
  readonly isFine: boolean
  readonly isNeeded: boolean
  readonly found: string
  readonly remedy: string
}

const oldestNode = [24, 7] as const
const neededGibibytes = 3
const dayMs = 86_400_000

/** Prints one line a check; 1 only when something is missing that `up` needs. */
export async function doctor(context: Context, _input: CommandInput): Promise<number> {
  const findings = [
    checkNode(),
    await checkNpm(context),
    await checkTraefik(context),
    await checkRedis(context),
    ...(await checkPorts(context)),
    await checkIpv6(),
    checkClock(context),
    checkDisk(context),
    checkOptional(
      context,
      'chromium',
      ['chromium', 'chromium-browser', 'google-chrome'],
      'browser tests',
    ),
    checkOptional(context, 'wrk', ['wrk'], '`make bench`'),
  ]
  for (const finding of findings) context.output.line(show(finding))
  const isMissing = findings.some(({ isFine, isNeeded }) => isNeeded && !isFine)
  return isMissing ? exitCodes.failed : exitCodes.ok
}

function show({ name, isFine, isNeeded, found, remedy }: Finding): string {
  const verdict = isFine ? 'ok' : isNeeded ? 'missing' : 'note'
  return `${verdict.padEnd(8)} ${name.padEnd(16)} ${isFine ? found : `${found} – ${remedy}`}`
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isFine = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])
  const remedy = `install Node ${oldestNode.join('.')} or newer`
  return { name: 'node', isFine, isNeeded: true, found: process.version, remedy }
}

async function checkNpm(context: Context): Promise<Finding> {
  const version = await firstLine(context, 'npm', ['--version'])
  const remedy = 'npm comes with Node: https://nodejs.org'
  // Needed to install, not to run what is installed.
  return {
    name: 'npm',
    isFine: version !== undefined,
    isNeeded: false,
    found: version ?? 'none',
    remedy,
  }
}

async function checkTraefik(context: Context): Promise<Finding> {
  const { root, settings } = context
  const common = { name: 'traefik', isNeeded: true } as const
  const traefik = await findTraefik(root, settings)
  if (traefik) return { ...common, isFine: true, found: traefik.path, remedy: '' }
  const onPath = findOnPath('traefik', settings)
  const old = onPath && `${(await versionOf(onPath)) ?? onPath} found, too old or no release`
  const go = await findGo(settings)
  const isFine = go?.isNewEnough === true
  return {
    ...common,
    isFine,
    found: isFine
      ? `${old ?? 'none yet'}; \`make up\` builds it once with ${go.said}`
      : `${old ?? 'none'}, and Go is ${go ? `too old (${go.said})` : 'missing'}`,
    remedy: `put Traefik ${traefikVersion} or newer on PATH, or install Go ${oldestGo} or newer (https://go.dev/dl/)`,
  }
}

async function checkRedis({ settings, settingsFaults }: Context): Promise<Finding> {
  const found = await findRedis(settings)
  const wanted = decideRun(settings, settingsFaults)
  const isNeeded = wanted.ok && wanted.value.topology.state === 'redis'
  const use = isNeeded ? '' : 'only STATE=redis, REPLICAS=2 and some tests need it: '
  const old = found && !found.isNewEnough ? ', too old' : ''
  return {
    name: 'redis-server',
    isFine: found?.isNewEnough === true,
    isNeeded,
    found: found ? `${found.said}${old}` : 'none',
    remedy: `${use}${redisRemedy}`,
  }
}

async function checkPorts(context: Context): Promise<Finding[]> {
  const wanted = decideRun(context.settings, context.settingsFaults)
  if (!wanted.ok) {
    const remedy = 'correct the settings'
    return [
      { name: 'settings', isFine: false, isNeeded: true, found: wanted.error.join('; '), remedy },
    ]
  }
  // Our own run holds them: that is no finding.
  const isOurs = runningLauncher(context.state) !== undefined
  const { ports, topology } = wanted.value
  const asked = Array.from({ length: topology.replicas }, (_none, replica) =>
    Object.entries(preferredOf(ports, replica)),
  )
  const findings = asked.flat().map(async ([name, port]): Promise<Finding> => {
    const isFine = isOurs || port === 0 || (await isPortFree(port))
    const here = port === 0 ? 'any free one' : `${port} is ${isFine ? 'free' : 'taken'}`
    const found = isOurs ? 'this run is up' : here
    const remedy = `the next free one is used; ${name.toUpperCase()}_PORT chooses another`
    return { name: `${name} port`, isFine, isNeeded: false, found, remedy }
  })
  return Promise.all(findings)
}

async function checkIpv6(): Promise<Finding> {
  const isFine = await canListenOnIpv6()
  const found = isFine ? 'there' : 'none'
  return { name: 'loopback ::1', isFine, isNeeded: false, found, remedy: 'only 127.0.0.1 is bound' }
}

/** Certificates and tokens carry times; a clock that is behind the sources makes them all look wrong. */
function checkClock({ root }: Context): Finding {
  const installedMs = statSync(join(root, 'package.json')).mtimeMs
  const isFine = Date.now() > installedMs - dayMs
  const found = new Date().toISOString()
  return {
    name: 'clock',
    isFine,
    isNeeded: true,
    found,
    remedy: 'set the clock: it is behind these files',
  }
}

function checkDisk({ root, settings }: Context): Finding {
  const home = settings['HOME'] ?? homedir()
  const { bavail, bsize } = statfsSync(existsSync(home) ? home : root)
  const gibibytes = Math.floor((bavail * bsize) / 2 ** 30)
  const remedy = `building Traefik takes about ${neededGibibytes} GiB of caches: make room`
  const isFine = gibibytes >= neededGibibytes
  return { name: 'disk', isFine, isNeeded: false, found: `${gibibytes} GiB free`, remedy }
}

function checkOptional(
  { settings }: Context,
  name: string,
  commands: readonly string[],
  use: string,
): Finding {
  const path = commands.map((command) => findOnPath(command, settings)).find(Boolean)
  const remedy = `only ${use} needs it: install the package ${name}`
  return { name, isFine: path !== undefined, isNeeded: false, found: path ?? 'none', remedy }
}

async function firstLine(
  { settings }: Context,
  command: string,
  words: readonly string[],
): Promise<string | undefined> {
  const options = { env: { ...settings }, timeout: 10_000 }
  const answer = await promisify(execFile)(command, [...words], options).catch(() => undefined)
  return answer?.stdout.split('\n')[0]
}
