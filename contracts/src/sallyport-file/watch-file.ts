// Follows one small text file: says its new text when that has changed. For `sallyport.yml`, which launcher and
// sidecar follow alike. Knows nothing of what stands in it.

import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { dirname } from 'node:path'

/** A file that is written in place passes through texts that look whole: only one that stays for this long is taken. */
const settledMs = 100
/** Not every file system tells of changes (network drives, some containers): look by ourselves, too. */
const lookMs = 2000

export type FileWatch = { readonly close: () => void }

/**
 * Calls back with the new text after each change, as soon as two looks have seen the same; with undefined when the file
 * went away or cannot be read. The folder is watched, not the file: many editors put a new file in the old one's place.
 */
export function watchFile(
  path: string,
  firstText: string | undefined,
  onChange: (text: string | undefined) => void,
): FileWatch {
  let last = firstText
  let seen: { readonly text: string | undefined } | undefined
  let timer: NodeJS.Timeout | undefined
  const look = () => {
    timer = undefined
    const text = readIfThere(path)
    const isSettled = seen !== undefined && seen.text === text
    seen = undefined
    if (text === last) return
    if (isSettled) {
      last = text
      onChange(text)
    } else {
      seen = { text }
      soon()
    }
  }
  /** Events do not begin the wait anew: in a busy folder it would never end. */
  const soon = () => {
    timer ??= setTimeout(look, settledMs).unref()
  }
  const watcher = watchFolder(dirname(path), soon)
  // Between two looks at one text nothing else looks: they would be too close to each other.
  const interval = setInterval(() => timer ?? look(), lookMs)
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
