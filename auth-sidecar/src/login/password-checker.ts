// Two workers check passwords, a few questions may wait, the rest is told to come back: a flood of logins
// must not take the machine from the handshakes.

import { Worker } from 'node:worker_threads'
import type { PasswordAnswer, PasswordQuestion } from './password-worker.ts'

export type PasswordChecker = {
  /** `busy` when too many wait already. Rejects when a worker died: an outage. */
  readonly check: (password: string, passwordHash: string) => Promise<'match' | 'mismatch' | 'busy'>
  readonly close: () => Promise<void>
}

export type PasswordCheckerOptions = {
  readonly workers: number
  readonly maxWaiting: number
  /** What a worker runs; tests put something that dies there. */
  readonly script?: URL
}

const usualScript = new URL('./password-worker.ts', import.meta.url)

type Pending = { resolve: (matches: boolean) => void; reject: (error: Error) => void }

/** Starts the workers. */
export function createPasswordChecker(options: PasswordCheckerOptions): PasswordChecker {
  const lanes = Array.from({ length: options.workers }, () =>
    createLane(options.script ?? usualScript),
  )

  return {
    async check(password, passwordHash) {
      const waiting = lanes.reduce((sum, lane) => sum + lane.pending(), 0)
      if (waiting >= options.workers + options.maxWaiting) return 'busy'
      const lane = lanes.reduce((least, next) => (next.pending() < least.pending() ? next : least))
      return (await lane.ask(password, passwordHash)) ? 'match' : 'mismatch'
    },
    async close() {
      await Promise.all(lanes.map((lane) => lane.close()))
    },
  }
}

/** One worker and the questions it has not answered yet; a dead worker is replaced at the next question. */
function createLane(script: URL) {
  const pending = new Map<number, Pending>()
  let worker: Worker | undefined
  let nextId = 0

  function start(): Worker {
    const started = new Worker(script)
    started.unref()
    started.on('message', ({ id, matches }: PasswordAnswer) => {
      pending.get(id)?.resolve(matches)
      pending.delete(id)
    })
    const fail = (error: Error) => {
      // A dying worker says `error` and then `exit`; by then another may be at work.
      if (worker !== started) return
      worker = undefined
      for (const question of pending.values()) question.reject(error)
      pending.clear()
    }
    started.on('error', fail)
    started.on('exit', () => fail(new Error('the password worker ended')))
    return started
  }

  return {
    pending: () => pending.size,
    ask(password: string, passwordHash: string): Promise<boolean> {
      worker ??= start()
      const id = nextId++
      const question: PasswordQuestion = { id, password, passwordHash }
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject })
        worker?.postMessage(question)
      })
    },
    async close(): Promise<void> {
      await worker?.terminate()
    },
  }
}
