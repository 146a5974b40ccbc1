// Starts children one after the other, each only when the one before is ready; watches them; stops them in
// their order. Knows neither ports nor secrets: tests run it on small scripts.

import { setTimeout as wait } from 'node:timers/promises'
import { err, ok, type Result } from '@sallyport/contracts/result'
import { type Child, type ChildSpec, startChild } from './child.ts'

/** Why the system is not up (any more), for people. */
export type ChildFault = {
  readonly name: string
  readonly what: string
  readonly lastLines: readonly string[]
}

const stopped: ChildFault = { name: 'launcher', what: 'was stopped while starting', lastLines: [] }

type SupervisorDeps = {
  readonly onLine: (name: string, line: string) => void
  readonly onStarted: (name: string, pid: number) => void
  readonly onReady: (name: string, tookMs: number) => void
  readonly readyDeadlineMs: number
  readonly pollMs: number
  readonly stopGraceMs: number
}

export type Supervisor = ReturnType<typeof createSupervisor>

/** Builds a supervisor over `specs` (start order); children named in `stopOrder` are stopped in that order. */
export function createSupervisor(
  specs: readonly ChildSpec[],
  stopOrder: readonly string[],
  deps: SupervisorDeps,
) {
  const children = new Map<string, Child>()
  const firstDeath = Promise.withResolvers<ChildFault>()
  let closing: Promise<void> | undefined

  function launch(spec: ChildSpec): Child {
    const child = startChild(spec, (line) => deps.onLine(spec.name, line))
    children.set(spec.name, child)
    if (child.pid !== undefined) deps.onStarted(spec.name, child.pid)
    void reportUnasked(child)
    return child
  }

  async function reportUnasked(child: Child): Promise<void> {
    const what = await child.ended
    if (!closing) firstDeath.resolve({ name: child.name, what, lastLines: child.lastLines() })
  }

  /** Starts everything; the error is the first child that died or was not ready in time. */
  async function start(): Promise<Result<undefined, ChildFault>> {
    for (const spec of specs) {
      if (closing) return err(stopped)
      const startedMs = performance.now()
      const child = launch(spec)
      const outcome = await Promise.race([
        waitUntilReady(spec, deps, child.ended),
        firstDeath.promise,
      ])
      if (typeof outcome === 'object') return err(outcome)
      // Nobody reports a death that was asked for.
      if (outcome === 'ended') return err(closing ? stopped : await firstDeath.promise)
      if (outcome === 'late') {
        const what = `was not ready within ${deps.readyDeadlineMs / 1000} s`
        return err({ name: spec.name, what, lastLines: child.lastLines() })
      }
      deps.onReady(spec.name, performance.now() - startedMs)
    }
    return closing ? err(stopped) : ok(undefined)
  }

  async function stopAll(): Promise<void> {
    const rest = [...children.keys()].filter((name) => !stopOrder.includes(name))
    for (const name of [...stopOrder, ...rest]) await children.get(name)?.stop(deps.stopGraceMs)
  }

  return {
    start,
    /** Resolves with the first child that ended without having been stopped. */
    died: firstDeath.promise,
    pids: () => Object.fromEntries([...children].map(([name, { pid }]) => [name, pid ?? 0])),
    close: (): Promise<void> => {
      closing ??= stopAll()
      return closing
    },
  }
}

type Readiness = 'ready' | 'late' | 'ended'

async function waitUntilReady(
  spec: ChildSpec,
  deps: SupervisorDeps,
  ended: Promise<string>,
): Promise<Readiness> {
  let isOver = false
  const over = ended.then((): Readiness => {
    isOver = true
    return 'ended'
  })
  const poll = async (): Promise<Readiness> => {
    const deadlineMs = performance.now() + deps.readyDeadlineMs
    while (!isOver && performance.now() < deadlineMs) {
      if (await spec.isReady().catch(() => false)) return 'ready'
      await wait(deps.pollMs)
    }
    return isOver ? 'ended' : 'late'
  }
  return Promise.race([poll(), over])
}
