// The real Traefik with production's static file and production's forward-auth middleware, but routers of the bench:
// one that asks the sidecar and one that does not, to the same backend.

import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { cores, type Started } from '../processes.ts'
import { answersOk, until } from '../until.ts'
import { freePorts } from './free-ports.ts'
import { renderStaticFile, type Secrets } from './launcher-parts.ts'
import { blockOf } from './yaml-block.ts'

export type TraefikOptions = {
  readonly binary: string
  readonly secrets: Secrets
  readonly verifyPort: number
  readonly backendPort: number
}

/** `plain` is not guarded; `guarded` asks the sidecar first and takes upgrades, at the path of the usual route. */
export type Traefik = {
  readonly process: Started
  readonly publicPort: number
  readonly urls: { readonly plain: string; readonly guarded: string }
}

/** Starts Traefik on one core and waits until it answers its ping and both routes are there. */
export async function startTraefik(context: Context, options: TraefikOptions): Promise<Traefik> {
  const folder = mkdtempSync(join(context.scratch, 'traefik-'))
  const dynamicDirectory = join(folder, 'dynamic')
  mkdirSync(dynamicDirectory, { recursive: true })
  const [publicPort = 0, managementPort = 0] = await freePorts(2)
  const accessLog = join(folder, 'access.log')
  const staticFile = join(folder, 'traefik.yml')
  const addresses = { publicPort, managementPort, dynamicDirectory, accessLog }
  writeFileSync(staticFile, renderStaticFile(context, addresses))
  writeDynamicFiles(context, dynamicDirectory, options.backendPort)

  const log = openSync(join(folder, 'traefik.log'), 'a')
  const process = context.keeper.start(options.binary, [`--configfile=${staticFile}`], {
    core: cores.underTest,
    env: {
      GOMAXPROCS: '1',
      SALLYPORT_VERIFY_URL: `https://127.0.0.1:${options.verifyPort}`,
      SALLYPORT_TRAEFIK_TLS: options.secrets.traefikTls,
    },
    stdio: ['ignore', log, log],
  })
  const url = `http://127.0.0.1:${publicPort}`
  await until('Traefik is ready', 20_000, () =>
    answersOk(`http://127.0.0.1:${managementPort}/ping`),
  )
  await until('Traefik has its routes', 10_000, () => answersOk(`${url}/plain`))
  return { process, publicPort, urls: { plain: `${url}/plain`, guarded: `${url}/ws` } }
}

function writeDynamicFiles({ root }: Context, directory: string, backendPort: number): void {
  const authentication = findMiddleware(join(root, 'traefik-config', 'dynamic'), 'websocket-auth')
  const middlewares = `http:\n  middlewares:\n${authentication}`
  writeFileSync(join(directory, 'authentication.yml'), middlewares)
  const router = (path: string, middlewares: string[]) => ({
    rule: `Path(\`${path}\`)`,
    entryPoints: ['web'],
    service: 'bench-backend',
    ...(middlewares.length > 0 && { middlewares }),
  })
  const http = {
    routers: {
      'bench-plain': router('/plain', []),
      'bench-guarded': router('/ws', ['websocket-auth']),
    },
    services: {
      'bench-backend': { loadBalancer: { servers: [{ url: `http://127.0.0.1:${backendPort}` }] } },
    },
  }
  // JSON is YAML, too.
  writeFileSync(join(directory, 'bench.yml'), JSON.stringify({ http }))
}

/** The text of a middleware in the file that says it; throws when none does. */
function findMiddleware(directory: string, name: string): string {
  for (const file of readdirSync(directory)) {
    const block = blockOf(readFileSync(join(directory, file), 'utf8'), name)
    if (block !== undefined) return block
  }
  throw new Error(`no file of Traefik says ${name}`)
}
