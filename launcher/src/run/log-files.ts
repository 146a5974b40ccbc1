// The log files of one run: one a process, the run before kept beside it as `<name>.previous`.

import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs'
import { accessLog, type StatePaths, serviceLog } from '../state-folder.ts'
import { type Instance, instanceNames } from '../topology.ts'

/** Opens fresh files for every process of the run; `close` releases them. */
export function openLogFiles(paths: StatePaths, instances: readonly Instance[]) {
  // What this run does not have must not be taken for silent.
  for (const name of instanceNames) {
    for (const path of [serviceLog(paths, name), accessLog(paths, name)]) keepPrevious(path)
  }
  for (const { name, service } of instances) {
    // Traefik writes this one itself; made here first, so that only its owner can read it.
    if (service === 'traefik') closeSync(openFresh(accessLog(paths, name)))
  }
  const files = new Map(instances.map(({ name }) => [name, openFresh(serviceLog(paths, name))]))
  return {
    write: (name: string, line: string) => {
      const file = files.get(name)
      if (file !== undefined) writeSync(file, `${line}\n`)
    },
    close: async (): Promise<void> => {
      for (const file of files.values()) closeSync(file)
      files.clear()
    },
  }
}

/** Opens an empty log file for appending and returns its descriptor. */
export function openFresh(path: string): number {
  keepPrevious(path)
  return openSync(path, 'a', 0o600)
}

/** Puts a log file aside as the one of the run before. */
export function keepPrevious(path: string): void {
  if (existsSync(path)) renameSync(path, `${path}.previous`)
}
