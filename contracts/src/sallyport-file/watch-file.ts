// Follows one small text file: says its new text when that has changed. For `sallyport.yml`, which launcher and
// sidecar follow alike. Knows nothing of what stands in it.

import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { dirname } from 'node:path'

/** Editors write in several steps: read when they are quiet for this long. */
const quietMs = 100
/** Not every file system tells of changes (network drives, some containers): look by ourselves, too. */
const lookMs = 2000

export type FileWatch = { readonly close: () => void }

/**
 * Calls back with the new text after each change; with undefined when the file went away or cannot be read. The folder
 * is watched, not the file: many editors put a new file in the old one's place.
 */
export function watchFile(
  path: string,
  firstText: string | undefined,
  onChange: (text: string | undefined) => void,
): FileWatch {
  let last = firstText
  let timer: NodeJS.Timeout | undefined
  const look = () => {
    const text = readIfThere(path)
    if (text === last) return
    last = text
    onChange(text)
  }
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(look, quietMs)
    timer.unref()
  }
  const watcher = watchFolder(dirname(path), soon)
  const interval = setInterval(look, lookMs)
  interval.unref()
  return {
    close: () => {
      watcher?.close()
      clearTimeout(timer)
      clearInterval(interval)
    },
  }
}

/** Its text; undefined when there is none to be had. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function watchFolder(folder: string, onEvent: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, onEvent)
    // Out of watches, or the folder is gone: looking now and then goes on.
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
