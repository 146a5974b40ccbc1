// Environment and arguments → what to run. Pure.

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { err, ok, type Result } from '@sallyport/contracts/result'

/** The groups in the order in which they run. */
export const groupNames = [
  'verify',
  'cold',
  'flood',
  'upgrade',
  'chain',
  'memory',
  'revoke',
  'refresh',
  'recheck',
  'up',
] as const

export type GroupName = (typeof groupNames)[number]

export type Options = {
  readonly help: boolean
  readonly groups: readonly GroupName[]
  readonly strict: boolean
  /** Far smaller samples: shows that the bench runs, its figures say little. */
  readonly quick: boolean
  /** Folder of `bench.json`. */
  readonly stateFolder: string
  readonly traefikBinary: string | undefined
  /** Folder for a processor profile of the sidecar; undefined takes none. */
  readonly profileFolder: string | undefined
}

export const helpText = `make bench: ratios against floors that are measured in the same run. The groups revoke, refresh and recheck
measure a whole system of two pairs, two backends and Redis (redis-server), in units.

  ONLY=GROUP,…           run only these groups: ${groupNames.join(' ')}
  QUICK=1                small samples: to see that it runs, not for figures
  STRICT=1               exit with 1 when a goal is missed or could not be measured
  SALLYPORT_STATE=DIR    write DIR/bench.json instead of .sallyport/bench.json
  TRAEFIK_BINARY=FILE    the Traefik to use; default: the one that \`make up\` uses
  PROFILE=DIR            write a processor profile of the sidecar (verify) into DIR

Speed is reported, never asserted: without STRICT=1 a missed goal ends with 0 too.
`

/** Reads the options; the error lists every fault. */
export function readOptions(
  environment: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
  repositoryFolder: string,
): Result<Options, readonly string[]> {
  const faults: string[] = []
  const only = (environment['ONLY'] ?? '').split(',').filter((name) => name !== '')
  for (const name of only) {
    if (!isGroup(name)) faults.push(`ONLY: no group ${name}; there are ${groupNames.join(', ')}`)
  }
  const help = readHelp(args)
  if (help === undefined) faults.push('arguments: only --help is known')
  if (faults.length > 0) return err(faults)
  return ok({
    help: help ?? false,
    groups: groupNames.filter((name) => only.length === 0 || only.includes(name)),
    quick: environment['QUICK'] === '1',
    strict: environment['STRICT'] === '1',
    stateFolder: environment['SALLYPORT_STATE'] || join(repositoryFolder, '.sallyport'),
    traefikBinary: environment['TRAEFIK_BINARY'] || undefined,
    profileFolder: environment['PROFILE'] || undefined,
  })
}

function isGroup(name: string): name is GroupName {
  return (groupNames as readonly string[]).includes(name)
}

function readHelp(args: readonly string[]): boolean | undefined {
  try {
    const options = { help: { type: 'boolean', short: 'h' } } as const
    return parseArgs({ args: [...args], options }).values.help ?? false
  } catch {
    return undefined
  }
}
