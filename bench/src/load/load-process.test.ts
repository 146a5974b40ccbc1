import { spawn } from 'node:child_process'
import { expect, it } from 'vitest'
import type { Context } from '../context.ts'
import { startLoad } from './load-process.ts'
import type { LoadOrder } from './load-protocol.ts'

/** A load process that does what the script says instead. */
function startScripted(script: string) {
  const child = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const started = { child, pid: child.pid ?? 0, close: async () => void child.kill() }
  const context = { root: '/', inherited: {}, keeper: { start: () => started } }
  return startLoad(context as unknown as Context)
}

it('hears at once of a load process that ended without an answer', async () => {
  const load = startScripted('process.on("message", () => process.exit(3))')
  await expect(load.run({} as LoadOrder)).rejects.toThrow('the process ended (3)')
  await expect(load.run({} as LoadOrder)).rejects.toThrow()
})

it('gives the answer of a load process that goes on', async () => {
  const load = startScripted(`
    process.on('message', () => process.send({ answered: 7, surprises: 0 }))
  `)
  expect(await load.run({} as LoadOrder)).toMatchObject({ answered: 7 })
  expect(await load.run({} as LoadOrder)).toMatchObject({ answered: 7 })
})
