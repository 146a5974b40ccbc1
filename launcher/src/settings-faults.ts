// Misspelt settings, found before they are silently without effect. Pure. Names faults by place and name, never by
// value: a line that does not parse may hold anything.

import type { UserSettings } from './context.ts'
import { servicePrefixes, sharedSettingNames, traefikSettingNames } from './environment.ts'

/** What the launcher itself reads, beside what it passes on. */
const launcherNames = [
  'MODE',
  'STATE',
  'REPLICAS',
  'PUBLIC_PORT',
  'MANAGEMENT_PORT',
  'TRUSTED_PROXIES',
  'TRUSTED_PROXY_DEPTH',
  'PROXY_PROTOCOL',
  'DETACH',
  'SALLYPORT_STATE',
  'SALLYPORT_FOREGROUND',
  'SALLYPORT_MODE',
  'XDG_CACHE_HOME',
]

/** These say where and how a command works, not how the system runs. */
const ofTheCall: ReadonlySet<string> = new Set([
  'DETACH',
  'SALLYPORT_STATE',
  'SALLYPORT_FOREGROUND',
  'XDG_CACHE_HOME',
])

const known: ReadonlySet<string> = new Set([
  ...launcherNames,
  ...sharedSettingNames,
  ...traefikSettingNames,
])

const settingLine = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=(.*)$/

/** Every unknown name and unreadable line: `.env` is ours as a whole, of the shell only `SALLYPORT_*` is. */
export function findSettingsFaults(
  environment: Readonly<Record<string, string | undefined>>,
  envFile: string | undefined,
): string[] {
  const lines = envFile === undefined ? [] : envFile.split(/\r?\n/)
  const inFile = lines.flatMap((line, index) => {
    const fault = faultOfLine(line)
    return fault === undefined ? [] : [`.env, line ${index + 1}: ${fault}`]
  })
  const inShell = Object.keys(environment)
    .filter((name) => name.startsWith('SALLYPORT_') && !known.has(name))
    .map((name) => `${name}: there is no such setting, see docs/settings.md`)
  return [...inFile, ...inShell]
}

/** Names of the settings that a system would be started with. */
export function settingsOfRun(settings: UserSettings): string[] {
  const isServices = (name: string) => servicePrefixes.some((prefix) => name.startsWith(prefix))
  const isOurs = (name: string) => known.has(name) || isServices(name)
  return Object.keys(settings).filter((name) => isOurs(name) && !ofTheCall.has(name))
}

function faultOfLine(line: string): string | undefined {
  if (/^\s*(?:#|$)/.test(line)) return undefined
  const [, name, value = ''] = settingLine.exec(line) ?? []
  if (name === undefined) return 'is no setting, write NAME=value'
  // A service knows the names under its prefix best, and refuses the others.
  const isServices = servicePrefixes.some((prefix) => name.startsWith(prefix))
  if (!isServices && !known.has(name)) return `there is no setting ${name}, see docs/settings.md`
  const quote = /^["'`]/.exec(value.trim())?.[0]
  const isOpen = quote !== undefined && !value.trim().slice(1).includes(quote)
  return isOpen ? `the value of ${name} has no closing quote` : undefined
}
