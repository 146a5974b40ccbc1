// Starts children stage by stage, each only when those before it are ready; keeps them; stops them in their order.
// Knows neither ports nor secrets: tests run it on small scripts.

import { err, ok, type Result } from '@sallyport/contracts/result'
import type { ChildSpec } from './child.ts'
import { type ChildFault, type KeepDeps, type KeptChild, keepChild } from './kept-child.ts'

const stopped: ChildFault = { name: 'launcher', what: 'was stopped while starting', lastLines: [] }

export type Supervisor = ReturnType<typeof createSupervisor>

/** Builds a supervisor over `stages` of children; those of one stage of `stopOrder` are stopped together. */
export function createSupervisor(
  stages: readonly (readonly ChildSpec[])[],
  stopOrder: readonly (readonly string[])[],
  deps: KeepDeps,
) {
  const children = new Map<string, KeptChild>()
  const firstLoss = Promise.withResolvers<ChildFault>()
  let closing: Promise<void> | undefined

  /** Starts everything; the error is the first child that died or was not ready in time. */
  async function start(): Promise<Result<undefined, ChildFault>> {
    for (const stage of stages) {
      if (closing) return err(stopped)
      const outcomes = await Promise.all(stage.map(startOne))
      // Nobody reports a death that was asked for.
      if (closing) return err(stopped)
      const fault = outcomes.find((outcome) => !outcome.ok)
      if (fault) return fault
    }
    return ok(undefined)
  }

  function startOne(spec: ChildSpec): Promise<Result<undefined, ChildFault>> {
    const child = keepChild(spec, deps)
    children.set(spec.name, child)
    void child.lost.then(firstLoss.resolve)
    return Promise.race([child.ready, firstLoss.promise.then((fault) => err(fault))])
  }

  async function stopAll(): Promise<void> {
    for (const child of children.values()) child.letGo()
    const named = new Set(stopOrder.flat())
    const rest = [...children.keys()].filter((name) => !named.has(name))
    for (const stage of [...stopOrder, rest]) {
      await Promise.all(stage.map((name) => children.get(name)?.stop()))
    }
  }

  return {
    start,
    /** Resolves with the first child that was lost without having been stopped. */
    died: firstLoss.promise,
    pids: () => Object.fromEntries([...children].map(([name, child]) => [name, child.pid()])),
    close: (): Promise<void> => {
      closing ??= stopAll()
      return closing
    },
  }
}
