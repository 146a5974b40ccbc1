// Starts processes on a core and stops every one of them by its own id, on Ctrl-C too.
// Knows no server: what runs, and how it is told to be ready, is the caller's.

import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'

/** Who runs where: what is measured has a core of its own. */
export const cores = { underTest: 0, load: 1 } as const

export type StartOptions = Pick<SpawnOptions, 'env' | 'stdio' | 'cwd'> & {
  /** Core to stay on; undefined lets the system choose. */
  readonly core?: number
  /** How long SIGTERM is given before SIGKILL, in milliseconds. */
  readonly patienceMs?: number
}

/** A process that was started. */
export type Started = {
  readonly child: ChildProcess
  readonly pid: number
  /** Stops it and waits until it is gone; a process that is gone already is no fault. */
  readonly close: () => Promise<void>
}

export type ProcessKeeper = {
  readonly start: (command: string, args: readonly string[], options: StartOptions) => Started
  /** Stops what still runs, the latest first. */
  readonly close: () => Promise<void>
  /** The same, and refuses every further start: what is still under way must not leave a process behind. */
  readonly end: () => Promise<void>
}

/** Why processes cannot be pinned to cores; undefined when they can. */
export function pinningFault(): string | undefined {
  if (availableParallelism() < 2) return 'one core only: load and server share it'
  if (spawnSync('taskset', ['-c', '0,1', 'true']).status !== 0) {
    return 'taskset (util-linux) is missing or may not use cores 0 and 1: nothing is pinned'
  }
  return undefined
}

/** A keeper; with `pins` false the cores of `start` are ignored. */
export function createProcessKeeper(pins: boolean): ProcessKeeper {
  const running = new Set<Started>()
  let ended = false

  function start(command: string, args: readonly string[], options: StartOptions): Started {
    if (ended) throw new Error('the bench is being stopped')
    const { core, patienceMs = 8000, ...rest } = options
    const pinned = pins && core !== undefined
    // taskset replaces itself by the command, so the id is the command's own.
    const child = pinned
      ? spawn('taskset', ['-c', `${core}`, command, ...args], rest)
      : spawn(command, args, rest)
    const { pid } = child
    // An error without an id (no such command) is told by the throw below; the event must not end the bench.
    child.on('error', () => {})
    if (pid === undefined) throw new Error(`${command} could not be started`)
    const started = { child, pid, close: () => stop(child, patienceMs) }
    running.add(started)
    return started
  }

  // A second caller waits for the same processes; none is forgotten before it is gone.
  async function close(): Promise<void> {
    for (const started of [...running].toReversed()) {
      await started.close()
      running.delete(started)
    }
  }

  return {
    start,
    close,
    end: () => {
      ended = true
      return close()
    },
  }
}

async function stop(child: ChildProcess, patienceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
  await exited
  clearTimeout(timer)
}
