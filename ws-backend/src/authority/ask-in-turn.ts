// Many questions in batches, when some fail: the others go first, and a batch that failed comes back in halves, so that
// what fails by itself ends up alone. Every failure is followed by a wait, so that an outage costs little. Knows no identity.

import { maxIdentitiesPerCheck } from '@sallyport/contracts/authority-questions'
import type { Log } from '@sallyport/service-kit/log'
import { wait } from '../wait.ts'
import { backoffMs } from './backoff.ts'

type AskInTurnDeps<Item> = {
  /** Yields those of the batch that got no answer; throws when none did. */
  readonly ask: (batch: readonly Item[]) => Promise<readonly Item[]>
  /** Yields [0, 1). */
  readonly random: () => number
  readonly stopped: AbortSignal
  readonly log: Log
}

/** `answersBefore`: how many batches were answered when it failed first. */
type Failed<Item> = {
  readonly batch: readonly Item[]
  readonly failures: number
  readonly answersBefore: number
}

/** One that fails so often while others are answered is given up for now; so is one that fails so often anyway. */
const maxFailuresAmongAnswers = 3
const maxFailures = 8

/** Builds the way to ask. It never rejects, and resolves early when it is stopped. */
export function createAskInTurn<Item>({ ask, random, stopped, log }: AskInTurnDeps<Item>) {
  /** Takes items when their turn comes; yields those without an answer, and how many batches had one. */
  return async function askInTurn(
    items: Iterable<Item>,
  ): Promise<{ readonly left: readonly Item[]; readonly answers: number }> {
    const fresh = batchesOf(items)
    const failed: Failed<Item>[] = []
    const left: Item[] = []
    let answers = 0
    let failuresInARow = 0

    function comeBack({ batch, failures, answersBefore }: Failed<Item>): void {
      const halfway = Math.ceil(batch.length / 2)
      if (batch.length > 1) {
        for (const half of [batch.slice(0, halfway), batch.slice(halfway)]) {
          failed.push({ batch: half, failures: 0, answersBefore: answers })
        }
        return
      }
      const most = answers > answersBefore ? maxFailuresAmongAnswers : maxFailures
      if (failures + 1 >= most) left.push(...batch)
      else failed.push({ batch, failures: failures + 1, answersBefore })
    }

    while (!stopped.aborted) {
      const { value } = fresh.next()
      const next = value ? { batch: value, failures: 0, answersBefore: answers } : failed.shift()
      if (!next) break
      try {
        left.push(...(await ask(next.batch)))
        answers += 1
        failuresInARow = 0
      } catch (error) {
        log.warn({ err: error }, 'live identities could not be checked, trying again')
        comeBack(next)
        await wait(backoffMs(failuresInARow, random), stopped)
        failuresInARow += 1
      }
    }
    return { left, answers }
  }
}

function* batchesOf<Item>(items: Iterable<Item>): Generator<readonly Item[], undefined> {
  let batch: Item[] = []
  for (const item of items) {
    if (batch.push(item) < maxIdentitiesPerCheck) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
