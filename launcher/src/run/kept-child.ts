// One child through its lives: started, watched, and started again where that is allowed. Knows nothing of the others.

import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { err, ok, type Result } from '@sallyport/contracts/result'
import { type Child, type ChildSpec, startChild } from './child.ts'
import { createRestartBudget, type RestartLimit } from './restart-budget.ts'
import { type WatchdogTiming, watchChild } from './watchdog.ts'

/** Why a child is not up (any more), for people. */
export type ChildFault = {
  readonly name: string
  readonly what: string
  readonly lastLines: readonly string[]
}

export type KeepDeps = {
  readonly onLine: (name: string, line: string) => void
  readonly onStarted: (name: string, pid: number) => void
  readonly onReady: (name: string, tookMs: number) => void
  /** It is lost and about to be started again; `why` is for people. */
  readonly onRestart: (name: string, why: string) => void
  readonly readyDeadlineMs: number
  readonly pollMs: number
  readonly stopGraceMs: number
  readonly watchdog: WatchdogTiming
  readonly restartLimit: RestartLimit
  /** Monotonic clock, ms. */
  readonly now: () => number
}

export type KeptChild = ReturnType<typeof keepChild>

type End = { readonly what: string; readonly isStall: boolean }

/** Starts a child and keeps it: await `ready`, then `lost`, which is never fulfilled once it was let go. */
export function keepChild(spec: ChildSpec, deps: KeepDeps) {
  const { name } = spec
  const { restarts, withinMs } = deps.restartLimit
  const budget = createRestartBudget(deps.restartLimit, deps.now)
  const lost = Promise.withResolvers<ChildFault>()
  let isLetGo = false
  let child = launch()
  const ready = untilReady()
  void keep()

  function launch(): Child {
    const started = startChild(spec, (line) => deps.onLine(name, line))
    if (started.pid !== undefined) deps.onStarted(name, started.pid)
    return started
  }

  function faultOf(what: string): ChildFault {
    return { name, what, lastLines: child.lastLines() }
  }

  async function untilReady(): Promise<Result<undefined, ChildFault>> {
    const startedMs = deps.now()
    const outcome = await waitForReadiness(spec, deps, child)
    if (!outcome.ok) return err(faultOf(outcome.error))
    deps.onReady(name, deps.now() - startedMs)
    return outcome
  }

  async function keep(): Promise<void> {
    const first = await ready
    const fault = first.ok ? await untilGivenUp() : first.error
    if (!isLetGo) lost.resolve(fault)
  }

  /** Life after life of a child that was ready once. */
  async function untilGivenUp(): Promise<ChildFault> {
    for (;;) {
      const { what, isStall } = await untilEnd()
      const fault = faultOf(what)
      if (isLetGo || (!isStall && spec.isRevived !== true)) return fault
      const given = await revive(fault)
      if (!given.ok) return given.error
    }
  }

  async function untilEnd(): Promise<End> {
    const died = child.ended.then((what): End => ({ what, isStall: false }))
    const { isAlive } = spec
    if (!isAlive) return died
    const watch = watchChild({ isAlive, timing: deps.watchdog, now: deps.now })
    const stalled = watch.stalled.then(
      (): End => ({ what: 'did not answer any more and was killed', isStall: true }),
    )
    const end = await Promise.race([died, stalled])
    watch.close()
    if (end.isStall && !isLetGo) await child.kill()
    return end
  }

  /** Starts it again until it is ready; the error is why it is given up. */
  async function revive(lastFault: ChildFault): Promise<Result<undefined, ChildFault>> {
    let fault = lastFault
    while (!isLetGo) {
      if (!budget.take()) {
        const often = `after ${restarts} restarts within ${withinMs / 1000} s`
        return err({ ...fault, what: `${fault.what} ${often}` })
      }
      deps.onRestart(name, fault.what)
      child = launch()
      const outcome = await untilReady()
      if (outcome.ok) return outcome
      fault = outcome.error
      if (!isLetGo) await child.kill()
    }
    return err(fault)
  }

  return {
    /** How its first life began. */
    ready,
    /** Why it is not there any more; not fulfilled by an end that was asked for. */
    lost: lost.promise,
    pid: () => child.pid ?? 0,
    /** From now on its end is expected: it is neither reported nor started again. */
    letGo: () => {
      isLetGo = true
    },
    stop: () => child.stop(deps.stopGraceMs),
  }
}

/** The error says how it ended first, that it took too long, or why it must not be used. */
async function waitForReadiness(
  spec: ChildSpec,
  { readyDeadlineMs, pollMs, now }: KeepDeps,
  { ended, fault }: Child,
): Promise<Result<undefined, string>> {
  let isOver = false
  const over = ended.then((what) => {
    isOver = true
    return err(what)
  })
  const judge = async (): Promise<Result<undefined, string>> => {
    // What it said before it was ready is in the pipe by now, and is read first.
    await nextTurn()
    const said = fault()
    return said === undefined ? ok(undefined) : err(said)
  }
  const poll = async (): Promise<Result<undefined, string>> => {
    const deadlineMs = now() + readyDeadlineMs
    while (!isOver && now() < deadlineMs) {
      if (await spec.isReady().catch(() => false)) return judge()
      await wait(pollMs)
    }
    return isOver ? over : err(`was not ready within ${readyDeadlineMs / 1000} s`)
  }
  return Promise.race([poll(), over])
}
