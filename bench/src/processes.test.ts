import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createProcessKeeper } from './processes.ts'

const stubborn = `process.on('SIGTERM', () => {}); process.send('up'); setInterval(() => {}, 1000)`
const obedient = `process.send('up'); setInterval(() => {}, 1000)`

async function startNode(keeper: ReturnType<typeof createProcessKeeper>, code: string) {
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as ('ignore' | 'inherit' | 'ipc')[]
  const started = keeper.start(process.execPath, ['-e', code], { stdio, patienceMs: 50 })
  await once(started.child, 'message')
  return started
}

describe('process keeper', () => {
  it('stops everything it started, also what ignores SIGTERM', async () => {
    const keeper = createProcessKeeper(false)
    const [first, second] = [await startNode(keeper, obedient), await startNode(keeper, stubborn)]
    await keeper.close()
    expect(first.child.signalCode).toBe('SIGTERM')
    expect(second.child.signalCode).toBe('SIGKILL')
  })

  it('stopping twice, or stopping what is gone, is no fault', async () => {
    const keeper = createProcessKeeper(false)
    const started = await startNode(keeper, obedient)
    await started.close()
    await started.close()
    await keeper.close()
    expect(started.child.signalCode).toBe('SIGTERM')
  })

  it('a second close waits for what the first one is stopping, and nothing starts after the end', async () => {
    const keeper = createProcessKeeper(false)
    const [first, second] = [await startNode(keeper, stubborn), await startNode(keeper, stubborn)]
    void keeper.close()
    await keeper.end()
    expect([first.child.signalCode, second.child.signalCode]).toEqual(['SIGKILL', 'SIGKILL'])
    expect(() => keeper.start(process.execPath, ['-e', ''], {})).toThrow('being stopped')
  })

  it('says which command could not be started', () => {
    const keeper = createProcessKeeper(false)
    expect(() => keeper.start('no-such-command-here', [], {})).toThrow('no-such-command-here')
  })
})
