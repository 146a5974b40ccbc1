// The log files of one run: one a service, the run before kept beside it as `<name>.previous`.

import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs'
import { serviceNames } from '../endpoints.ts'
import { type StatePaths, serviceLog } from '../state-folder.ts'

/** Opens fresh files for every service; `close` releases them. */
export function openLogFiles(paths: StatePaths) {
  // Traefik writes this one itself; made here first, so that only its owner can read it.
  closeSync(openFresh(paths.accessLog))
  const files = new Map(
    serviceNames.map((name) => [name as string, openFresh(serviceLog(paths, name))]),
  )
  return {
    write: (service: string, line: string) => {
      const file = files.get(service)
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
