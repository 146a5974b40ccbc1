// A stand-in for the password worker that dies when it is asked about the password `die`, and
// never answers about `hang`. Test code only.

import { parentPort } from 'node:worker_threads'
import type { PasswordQuestion } from '../login/password-worker.ts'

parentPort?.on('message', ({ id, password }: PasswordQuestion) => {
  if (password === 'die') throw new Error('died')
  if (password === 'hang') return
  parentPort?.postMessage({ id, matches: password === 'right' })
})
