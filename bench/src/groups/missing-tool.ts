// What a system of two pairs needs of the machine, asked before one is started.

import { spawnSync } from 'node:child_process'
import type { Context } from '../context.ts'
import { findTraefikBinary } from '../stack/launcher-parts.ts'

/** Why there can be no two pairs here, in a sentence; undefined when there can. */
export async function missingTool(context: Context): Promise<string | undefined> {
  if (!(await findTraefikBinary(context))) return 'no Traefik yet: `make up` builds it'
  const { status } = spawnSync('redis-server', ['--version'], { env: { ...context.inherited } })
  return status === 0 ? undefined : 'no redis-server on this machine'
}
