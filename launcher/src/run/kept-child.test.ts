// A child through its lives, with small scripts in place of a sidecar.

import { afterEach, describe, expect, it } from 'vitest'
import { markOf } from '../process-mark.ts'
import type { ChildSpec } from './child.ts'
import { type KeepDeps, type KeptChild, keepChild } from './kept-child.ts'

const running: KeptChild[] = []

afterEach(async () => {
  for (const child of running.splice(0)) {
    child.letGo()
    await child.stop()
  }
})

const polite = `setInterval(() => {}, 1000); console.log('up')`

/** Keeps a child; `alive` says what the watchdog hears, and `nextReady` waits for its next life. */
function keep(script: string, spec: Partial<ChildSpec>, deps: Partial<KeepDeps> = {}) {
  const events: string[] = []
  let lives = 0
  let nextReady = Promise.withResolvers<void>()
  const child = keepChild(
    {
      name: 'sidecar',
      command: process.execPath,
      arguments: ['-e', script],
      environment: {},
      directory: import.meta.dirname,
      isReady: async () => events.filter((event) => event === 'up').length === lives,
      ...spec,
    },
    {
      onLine: (_name, line) => void events.push(line),
      onStarted: () => {
        lives += 1
      },
      onReady: () => {
        nextReady.resolve()
        nextReady = Promise.withResolvers()
      },
      onRestart: (name, why) => void events.push(`${name} ${why}`),
      readyDeadlineMs: 5000,
      pollMs: 5,
      stopGraceMs: 300,
      watchdog: { intervalMs: 10, patienceMs: 1000, misses: 3 },
      restartLimit: { restarts: 2, withinMs: 60_000 },
      now: () => performance.now(),
      ...deps,
    },
  )
  running.push(child)
  return { child, events, nextReady: () => nextReady.promise }
}

describe('a child that stands still', () => {
  it('W95 is killed and started again, also when it is stopped, and this is said', async () => {
    const silent = new Set<number>()
    const kept = keep(polite, { isAlive: async () => !silent.has(kept.child.pid()) })
    const { child, events, nextReady } = kept
    await child.ready
    const frozen = child.pid()
    process.kill(frozen, 'SIGSTOP')
    silent.add(frozen)
    await nextReady()
    expect(markOf(frozen)).toBeUndefined()
    expect(child.pid()).not.toBe(frozen)
    expect(events).toEqual(['up', 'sidecar did not answer any more and was killed', 'up'])
  })

  it('is given up when it happens too often, with its last lines', async () => {
    const { child, events } = keep(polite, { isAlive: async () => false })
    expect(await child.lost).toEqual({
      name: 'sidecar',
      what: 'did not answer any more and was killed after 2 restarts within 60 s',
      lastLines: ['up'],
    })
    expect(events.filter((event) => event === 'up')).toHaveLength(3)
    expect(markOf(child.pid())).toBeUndefined()
  })
})

describe('a child that dies', () => {
  it('is lost when nobody asked to revive it', async () => {
    const { child, events } = keep(polite, { isAlive: async () => true })
    await child.ready
    process.kill(child.pid(), 'SIGKILL')
    expect((await child.lost).what).toBe('was ended by SIGKILL')
    expect(events).toEqual(['up'])
  })

  it('RX.1 is started again in a system of pairs', async () => {
    const { child, events, nextReady } = keep(polite, { isRevived: true })
    await child.ready
    process.kill(child.pid(), 'SIGKILL')
    await nextReady()
    expect(events).toEqual(['up', 'sidecar was ended by SIGKILL', 'up'])
  })

  it('SES-6 is lost when it counts as ready but has said that it must not be used', async () => {
    const script = `console.log('all but one'); ${polite}`
    const faultOf = (line: string) => (line === 'all but one' ? 'has lost one' : undefined)
    const { child } = keep(script, { faultOf })
    expect(await child.ready).toMatchObject({ ok: false, error: { what: 'has lost one' } })
    expect(await child.lost).toMatchObject({ what: 'has lost one' })
  })

  it('is lost when it never was ready, revived or not', async () => {
    const { child, events } = keep('process.exitCode = 7', { isRevived: true })
    expect(await child.ready).toMatchObject({ ok: false, error: { what: 'exited with code 7' } })
    expect(await child.lost).toMatchObject({ what: 'exited with code 7' })
    expect(events).toEqual([])
  })

  it('counts every start that comes to nothing', async () => {
    let isFirst = true
    const once = { isReady: async () => isFirst }
    const { child, events } = keep(polite, { ...once, isRevived: true }, { readyDeadlineMs: 100 })
    await child.ready
    isFirst = false
    process.kill(child.pid(), 'SIGKILL')
    expect((await child.lost).what).toBe('was not ready within 0.1 s after 2 restarts within 60 s')
    expect(events.filter((event) => event.startsWith('sidecar'))).toEqual([
      'sidecar was ended by SIGKILL',
      'sidecar was not ready within 0.1 s',
    ])
  })
})

it('stays where it was once it is let go', async () => {
  const { child, events } = keep(polite, { isRevived: true })
  await child.ready
  const pid = child.pid()
  child.letGo()
  await child.stop()
  expect(child.pid()).toBe(pid)
  expect(events).toEqual(['up'])
})
