// `routes`: writes the repository's routes.yml anew from its sallyport.yml. A native run needs neither.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { checkedInRoutes } from '../traefik/checked-in-routes.ts'

/** Renders and writes; 1 with all faults of sallyport.yml when it has any. */
export async function routes({ root, output }: Context, _input: CommandInput): Promise<number> {
  const rendered = checkedInRoutes(readFileSync(join(root, 'sallyport.yml'), 'utf8'))
  if (!rendered.ok) {
    for (const fault of rendered.error) output.error(fault)
    return exitCodes.failed
  }
  const path = join('traefik-config', 'dynamic', 'routes.yml')
  writeFileSync(join(root, path), rendered.value)
  output.line(`wrote ${path}`)
  return exitCodes.ok
}
