// Follows small text files that belong together: says their new texts once they have changed and stay as they are. Knows
// nothing of what stands in them, and keeps none of it: they may hold secrets.

import { createHash } from 'node:crypto'
import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { dirname } from 'node:path'

/** Files are replaced one after the other, or written in place: only texts that stay for this long are taken. */
const settledMs = 50
/** Not every file system tells of changes (network drives, some containers): look by ourselves, too. */
const lookMs = 1000

export type FollowFilesOptions = {
  readonly paths: readonly string[]
  /** The texts in force. Without them the first ones that are found are a change, too. */
  readonly inForce?: readonly string[] | undefined
  /** Told the texts, in the order of the paths, one change after the other. It throws for texts that it does not take. */
  readonly onChange: (texts: readonly string[]) => void | Promise<void>
  /** Told once about texts that were not taken. They are not handed on again unless something else was there between. */
  readonly onRefused: () => void
}

export type FileFollower = {
  /** No change is told after this; resolves when the last one has been dealt with. */
  readonly close: () => Promise<void>
}

/** Follows the files; while one of them is missing or cannot be read, nothing has changed. */
export function followFiles(options: FollowFilesOptions): FileFollower {
  const { paths, inForce } = options
  let told = inForce && digestOf(inForce)
  let seen: string | undefined
  let timer: NodeJS.Timeout | undefined
  let telling: Promise<void> | undefined
  let isClosed = false

  function look(): void {
    timer = undefined
    if (telling) return
    const texts = readAll(paths)
    const digest = texts && digestOf(texts)
    const isSettled = seen !== undefined && seen === digest
    seen = undefined
    if (!texts || digest === told) return
    if (isSettled) return tell(texts, digest)
    seen = digest
    soon()
  }

  function tell(texts: readonly string[], digest: string | undefined): void {
    told = digest
    telling = takeOver(options, texts).finally(() => {
      telling = undefined
      // What changed meanwhile was not looked at.
      if (!isClosed) soon()
    })
  }

  /** Events do not begin the wait anew: in a busy folder it would never end. */
  function soon(): void {
    timer ??= setTimeout(look, settledMs).unref()
  }

  const watchers = [...new Set(paths.map((path) => dirname(path)))].map((folder) =>
    watchFolder(folder, soon),
  )
  // Between two looks at one text nothing else looks: they would be too close to each other.
  const interval = setInterval(() => timer ?? look(), lookMs).unref()
  look()

  return {
    async close() {
      isClosed = true
      for (const watcher of watchers) watcher?.close()
      clearTimeout(timer)
      clearInterval(interval)
      await telling
    },
  }
}

async function takeOver(
  { onChange, onRefused }: FollowFilesOptions,
  texts: readonly string[],
): Promise<void> {
  try {
    await onChange(texts)
  } catch {
    // The cause may quote a file's content, which may be a secret: it goes nowhere.
    onRefused()
  }
}

function readAll(paths: readonly string[]): readonly string[] | undefined {
  try {
    return paths.map((path) => readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

function digestOf(texts: readonly string[]): string {
  const digest = createHash('sha256')
  for (const text of texts) digest.update(`${text.length}\n`).update(text)
  return digest.digest('hex')
}

/** The folder is watched, not the file: a new file is put in the old one's place. */
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
