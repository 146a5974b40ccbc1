// One worker thread and the questions it has not answered yet; a dead worker is replaced at the next question.

import { Worker } from 'node:worker_threads'
import type { PasswordAnswer, PasswordQuestion } from './password-worker.ts'

export type PasswordLane = {
  readonly pending: () => number
  /** Rejects when the worker died over it. */
  readonly ask: (password: string, passwordHash: string) => Promise<boolean>
  readonly close: () => Promise<void>
}

type Pending = { resolve: (matches: boolean) => void; reject: (error: Error) => void }

/** A lane whose worker starts with the first question. */
export function createPasswordLane(script: URL): PasswordLane {
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
    ask(password, passwordHash) {
      worker ??= start()
      const id = nextId++
      const question: PasswordQuestion = { id, password, passwordHash }
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject })
        worker?.postMessage(question)
      })
    },
    async close() {
      await worker?.terminate()
    },
  }
}
