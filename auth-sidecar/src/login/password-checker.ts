// Workers check passwords, one question each at a time; the rest waits its turn in a fair queue, for so long and no
// longer: a flood of logins must take neither the machine from the handshakes nor the turn from everybody else.

import { type Asker, createFairQueue } from './fair-queue.ts'
import { createPasswordLane, type PasswordLane } from './password-lane.ts'

export type PasswordVerdict = 'match' | 'mismatch' | 'busy'

export type PasswordChecker = {
  /** `busy` when too many wait already, or the wait was too long. Rejects when a worker died: an outage. */
  readonly check: (password: string, passwordHash: string, asker: Asker) => Promise<PasswordVerdict>
  readonly close: () => Promise<void>
}

export type PasswordCheckerOptions = {
  readonly workers: number
  /** In all, of known devices and of others each. */
  readonly maxWaiting: number
  /** Of one address or device. */
  readonly maxWaitingPerKey?: number
  readonly maxWaitMs?: number
  /** What a worker runs; tests put something else there. */
  readonly script?: URL
}

type Question = {
  readonly password: string
  readonly passwordHash: string
  readonly resolve: (verdict: PasswordVerdict) => void
  readonly reject: (error: unknown) => void
  /** Runs out while it waits. */
  patience?: NodeJS.Timeout
}

const usualScript = new URL('./password-worker.ts', import.meta.url)
const usualMaxWaitingPerKey = 4
/** Below the ten seconds after which Traefik, and the page, give an answer up. */
const usualMaxWaitMs = 5000

/** Makes a checker; its workers start with the first questions. */
export function createPasswordChecker(options: PasswordCheckerOptions): PasswordChecker {
  const { workers, maxWaiting, script = usualScript, maxWaitMs = usualMaxWaitMs } = options
  const { maxWaitingPerKey = usualMaxWaitingPerKey } = options
  const lanes = Array.from({ length: workers }, () => createPasswordLane(script))
  const queue = createFairQueue<Question>({ maxEntries: maxWaiting, maxPerKey: maxWaitingPerKey })

  function serveNext(): void {
    const lane = lanes.find((each) => each.pending() === 0)
    const question = lane && queue.take()
    if (!lane || !question) return
    clearTimeout(question.patience)
    void serve(lane, question).finally(serveNext)
  }

  return {
    check: (password, passwordHash, asker) =>
      new Promise((resolve, reject) => {
        const question: Question = { password, passwordHash, resolve, reject }
        if (!queue.add(asker, question)) return resolve('busy')
        question.patience = setTimeout(() => {
          queue.remove(asker, question)
          resolve('busy')
        }, maxWaitMs)
        serveNext()
      }),
    async close() {
      for (let left = queue.take(); left; left = queue.take()) {
        clearTimeout(left.patience)
        left.resolve('busy')
      }
      await Promise.all(lanes.map((lane) => lane.close()))
    },
  }
}

async function serve(lane: PasswordLane, question: Question): Promise<void> {
  try {
    const matches = await lane.ask(question.password, question.passwordHash)
    question.resolve(matches ? 'match' : 'mismatch')
  } catch (error) {
    question.reject(error)
  }
}
