// What is known of a run from outside its process: is it there, is it ready.

import { setTimeout as wait } from 'node:timers/promises'
import { type Endpoints, readEndpoints } from './endpoints.ts'
import { readHolder } from './exclusive.ts'
import { isRunning, type ProcessMark } from './process-mark.ts'
import type { StatePaths } from './state-folder.ts'

const pollMs = 100

/** The launcher that runs on a state folder; undefined when the file is missing or stale. */
export function runningLauncher(paths: StatePaths): ProcessMark | undefined {
  const holder = readHolder(paths.launcherPid)
  return holder && isRunning(holder) ? holder : undefined
}

/** The endpoints of a run that is ready; undefined while there is none. */
export function readyEndpoints(paths: StatePaths): Endpoints | undefined {
  const launcher = runningLauncher(paths)
  const endpoints = readEndpoints(paths)
  return launcher && endpoints?.pids['launcher'] === launcher.pid ? endpoints : undefined
}

/** Waits until a run is ready; undefined when `isOver`, asked at every turn, says that it never will be. */
export async function waitForEndpoints(
  paths: StatePaths,
  isOver: () => boolean,
): Promise<Endpoints | undefined> {
  for (;;) {
    const endpoints = readyEndpoints(paths)
    if (endpoints || isOver()) return endpoints
    await wait(pollMs)
  }
}
