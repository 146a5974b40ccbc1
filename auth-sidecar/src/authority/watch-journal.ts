// Whether a journal can be written, as the last attempt says. While it cannot, another attempt is asked for every second,
// so that a disk that has room again is noticed also when nobody may ask for a change any more.

import type { AuthorityJournal } from './authority-journal.ts'

export type WatchJournalOptions = {
  /** To append something, if only nothing; called again and again while the journal cannot be written. */
  readonly tryAgain: () => void
  /** Told when it cannot be written any more (`error` says why), and when it can again. */
  readonly onWritable: (isWritable: boolean, error?: unknown) => void
}

export type WatchedJournal = Pick<AuthorityJournal, 'append' | 'close'> & {
  readonly isWritable: () => boolean
}

const tryAgainEveryMs = 1000

/** Begins with a journal that was just written. */
export function watchJournal(
  journal: Pick<AuthorityJournal, 'append' | 'close'>,
  { tryAgain, onWritable }: WatchJournalOptions,
): WatchedJournal {
  let timer: NodeJS.Timeout | undefined

  return {
    isWritable: () => timer === undefined,
    async append(entries, snapshot) {
      try {
        await journal.append(entries, snapshot)
      } catch (error) {
        if (!timer) {
          timer = setInterval(tryAgain, tryAgainEveryMs).unref()
          onWritable(false, error)
        }
        throw error
      }
      if (!timer) return
      clearInterval(timer)
      timer = undefined
      onWritable(true)
    },
    async close() {
      clearInterval(timer)
      await journal.close()
    },
  }
}
