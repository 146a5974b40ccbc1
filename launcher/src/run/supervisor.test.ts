// Start order, deaths and stop order, with small scripts in place of the services.

import { afterEach, describe, expect, it } from 'vitest'
import { markOf } from '../process-mark.ts'
import type { ChildSpec } from './child.ts'
import { createSupervisor, type Supervisor } from './supervisor.ts'

type Setup = { readonly supervisor: Supervisor; readonly events: string[] }

const running: Supervisor[] = []

const timing = {
  pollMs: 5,
  stopGraceMs: 300,
  watchdog: { intervalMs: 20, patienceMs: 100, misses: 3 },
  restartLimit: { restarts: 5, withinMs: 60_000 },
  now: () => performance.now(),
} as const

afterEach(async () => {
  await Promise.all(running.splice(0).map((supervisor) => supervisor.close()))
})

/** A child that says `up`, stays, and says `bye` when it is asked to stop. */
const polite = `process.on('SIGTERM', () => { console.log('bye'); process.exit(0) })
setInterval(() => {}, 1000); console.log('up')`

type Options = {
  readonly stopOrder?: readonly (readonly string[])[]
  readonly deadlineMs?: number
  /** Children that start with the one before them. */
  readonly together?: readonly string[]
}

function supervise(scripts: Record<string, string>, options: Options = {}): Setup {
  const { stopOrder = [], deadlineMs = 5000, together = [] } = options
  const events: string[] = []
  const stages: ChildSpec[][] = []
  for (const [name, script] of Object.entries(scripts)) {
    const spec: ChildSpec = {
      name,
      command: process.execPath,
      arguments: ['-e', script],
      environment: {},
      directory: import.meta.dirname,
      isReady: async () => events.includes(`${name} says up`),
    }
    if (together.includes(name)) stages.at(-1)?.push(spec)
    else stages.push([spec])
  }
  const supervisor = createSupervisor(stages, stopOrder, {
    ...timing,
    onLine: (name, line) => void events.push(`${name} says ${line}`),
    onStarted: (name) => void events.push(`${name} started`),
    onReady: (name) => void events.push(`${name} ready`),
    onRestart: () => {},
    readyDeadlineMs: deadlineMs,
  })
  running.push(supervisor)
  return { supervisor, events }
}

describe('createSupervisor', () => {
  it('R3.5 starts each child only when the one before it is ready', async () => {
    const { supervisor, events } = supervise({ first: polite, second: polite })
    expect(await supervisor.start()).toEqual({ ok: true, value: undefined })
    expect(events.filter((event) => !event.includes('says'))).toEqual([
      'first started',
      'first ready',
      'second started',
      'second ready',
    ])
  })

  it('R3.5 stops children in their order and leaves no process behind', async () => {
    const scripts = { first: polite, second: polite, third: polite }
    const { supervisor, events } = supervise(scripts, {
      stopOrder: [['second'], ['third'], ['first']],
    })
    await supervisor.start()
    const pids = Object.values(supervisor.pids())
    await supervisor.close()
    expect(events.filter((event) => event.endsWith('bye'))).toEqual([
      'second says bye',
      'third says bye',
      'first says bye',
    ])
    expect(pids.map(markOf)).toEqual([undefined, undefined, undefined])
  })

  it('reports a child that dies while starting with its code and its last 15 lines', async () => {
    const script =
      'for (let i = 1; i <= 20; i += 1) console.error(`line ${i}`); process.exitCode = 7'
    const { supervisor, events } = supervise({ good: polite, bad: script, never: polite })
    const started = await supervisor.start()
    expect(started.ok ? undefined : started.error).toMatchObject({
      name: 'bad',
      what: 'exited with code 7',
    })
    const lines = started.ok ? [] : started.error.lastLines
    expect(lines).toEqual(Array.from({ length: 15 }, (_none, index) => `line ${index + 6}`))
    expect(events).not.toContain('never started')
  })

  it('reports a child that is killed later, and not the ones it stops itself', async () => {
    const { supervisor } = supervise({ first: polite, second: polite })
    await supervisor.start()
    process.kill(supervisor.pids()['second'] ?? 0, 'SIGKILL')
    const fault = await supervisor.died
    await supervisor.close()
    expect(fault).toMatchObject({ name: 'second', what: 'was ended by SIGKILL', lastLines: ['up'] })
  })

  it('reports a child that is not ready in time', async () => {
    const { supervisor } = supervise({ slow: 'setInterval(() => {}, 1000)' }, { deadlineMs: 100 })
    const started = await supervisor.start()
    expect(started.ok ? undefined : started.error.what).toBe('was not ready within 0.1 s')
  })

  it('kills a child that ignores the request to stop', async () => {
    const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')`
    const { supervisor } = supervise({ stubborn })
    await supervisor.start()
    const [pid = 0] = Object.values(supervisor.pids())
    await supervisor.close()
    expect(markOf(pid)).toBeUndefined()
  })

  it('reports a command that does not exist', async () => {
    const spec = { name: 'none', command: '/does/not/exist', arguments: [], environment: {} }
    const supervisor = createSupervisor(
      [[{ ...spec, directory: '/', isReady: async () => false }]],
      [],
      {
        ...timing,
        onLine: () => {},
        onStarted: () => {},
        onReady: () => {},
        onRestart: () => {},
        readyDeadlineMs: 5000,
      },
    )
    const started = await supervisor.start()
    expect(started.ok ? undefined : started.error.what).toBe('could not be started (ENOENT)')
  })

  it('ends a start that is stopped half-way without starting the rest', async () => {
    const { supervisor, events } = supervise({
      slow: 'setInterval(() => {}, 1000)',
      never: polite,
    })
    const starting = supervisor.start()
    await supervisor.close()
    expect((await starting).ok).toBe(false)
    expect(events).not.toContain('never started')
  })

  it('starts the children of one stage at once, and the next stage when both are ready', async () => {
    const { supervisor, events } = supervise(
      { first: polite, second: polite, third: polite },
      { together: ['second'] },
    )
    await supervisor.start()
    const order = events.filter((event) => !event.includes('says'))
    expect(order.slice(0, 2)).toEqual(['first started', 'second started'])
    expect(order.slice(2, 4).toSorted()).toEqual(['first ready', 'second ready'])
    expect(order.slice(4)).toEqual(['third started', 'third ready'])
  })

  it('does not wait for the second of a stage when the first is lost', async () => {
    const { supervisor } = supervise(
      { bad: 'process.exitCode = 3', slow: 'setInterval(() => {}, 1000)' },
      { together: ['slow'] },
    )
    const started = await supervisor.start()
    expect(started.ok ? undefined : started.error).toMatchObject({
      name: 'bad',
      what: 'exited with code 3',
    })
  })

  it('stops what belongs to one stage together', async () => {
    const slow = `process.on('SIGTERM', () => { console.log('asked'); setTimeout(() => process.exit(0), 200) })
setInterval(() => {}, 1000); console.log('up')`
    const { supervisor, events } = supervise(
      { first: slow, second: slow },
      { stopOrder: [['first', 'second']] },
    )
    await supervisor.start()
    await supervisor.close()
    const asked = events.filter((event) => event.endsWith('asked'))
    expect(asked.toSorted()).toEqual(['first says asked', 'second says asked'])
  })
})
