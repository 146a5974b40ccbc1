// Commands of the user's machine, by the PATH in the settings.

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { UserSettings } from './context.ts'

/** The first executable of that name on the user's PATH. */
export function findOnPath(name: string, settings: UserSettings): string | undefined {
  const folders = (settings['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** True for a file that may be run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
