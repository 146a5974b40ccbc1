// Asks services to check the settings that a native run would really give them, before anything is started.
// Nothing is kept: files that have to be there stand in a temporary folder, without what belongs in them.

import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Context } from '../context.ts'
import { type ChildEnvironment, environmentsOf } from '../environment.ts'
import { choosePorts } from '../ports.ts'
import { prepareStateFolder, type StatePaths, statePaths, tlsDirectory } from '../state-folder.ts'
import { singleTopology } from '../topology.ts'
import { decideRun } from '../user-settings.ts'
import { serviceEntries } from './child-specs.ts'
import { writeStaticConfigs } from './prepare-run.ts'

/** What one of those asked says to its settings. */
export type Verdict = { readonly isGood: boolean; readonly said: string }

/** One verdict a service, in the order asked; all are asked at once. */
export async function checkServices(
  { root, settings }: Context,
  services: readonly (keyof typeof serviceEntries)[],
): Promise<Verdict[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-check-'))
  try {
    const state = statePaths(directory)
    const plan = decideRun(settings)
    const topology = plan.ok ? plan.value.topology : singleTopology
    const ports = await choosePorts({ public: 0, management: 0 }, topology)
    const pages = join(directory, 'pages')
    makePlaceholders(state, pages)
    writeStaticConfigs(root, state, ports, settings)
    const environments = environmentsOf({ root, state, ports, settings })
    const given: Record<keyof typeof serviceEntries, ChildEnvironment> = {
      ...environments,
      // The pages may not be built yet.
      frontend: { ...environments.frontend, FRONTEND_ASSETS_DIRECTORY: pages },
    }
    return await Promise.all(
      services.map((name) => check(root, join(root, serviceEntries[name]), given[name])),
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function makePlaceholders(state: StatePaths, pages: string): void {
  prepareStateFolder(state)
  const roles = ['auth-sidecar', 'ws-backend', 'frontend'] as const
  const files = [
    ...roles.flatMap((role) =>
      ['authority.pem', 'certificate.pem', 'key.pem'].map((name) =>
        join(tlsDirectory(state, role), name),
      ),
    ),
    state.tokenKeys,
    state.assertionMaster,
    state.assertionBackend,
    state.users,
    state.adminTokens,
    state.redisPassword,
    state.auditLog,
    join(pages, 'index.html'),
  ]
  for (const file of files) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'made when it is started\n')
  }
}

async function check(root: string, entry: string, environment: ChildEnvironment): Promise<Verdict> {
  const child = spawn(process.execPath, [entry, '--check-config'], {
    cwd: root,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve)
  })
  const [printed, complaints, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended,
  ])
  return { isGood: code === 0, said: `${printed}${complaints}`.trimEnd() }
}

const faultsHeading = /^([\w-]+): \d+ settings at fault$/

/** One line a fault, named with the services that have it: a shared setting is at fault in all of them alike. */
export function mergeFaults(verdicts: readonly Verdict[]): string[] {
  const services = new Map<string, string[]>()
  const others: string[] = []
  for (const { isGood, said } of verdicts) {
    if (isGood) continue
    const [heading = '', ...faults] = said.split('\n')
    const name = faultsHeading.exec(heading)?.[1]
    // What is of another form (it crashed) is said as it is.
    if (name === undefined) others.push(said)
    else for (const fault of faults) services.set(fault, [...(services.get(fault) ?? []), name])
  }
  const merged = [...services].map(([fault, names]) => `${names.join(', ')}: ${fault.trim()}`)
  return [...merged, ...others]
}
