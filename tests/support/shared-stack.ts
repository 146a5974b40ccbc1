// One system for all test files of a project: started before the first, stopped after the last.
// Tests keep out of each other's way by a source address of their own, not by a system of their own.

import type { TestProject } from 'vitest/node'
import { startStack } from './stack.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    stateFolder: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startStack({
    WS_RATE_LIMIT: project.name === 'e2e' ? '1000' : '10',
    SIDECAR_LOGINS_PER_ACCOUNT: '1000',
    ...(project.name === 'replicas' && { REPLICAS: '2', STATE: 'redis' }),
  })
  project.provide('stateFolder', stack.stateFolder)
  return stack.stop
}
