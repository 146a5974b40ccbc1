// The real Traefik with production's static file and production's forward-auth middleware, but routers of the bench:
// one that asks the sidecar and one that does not, to the same backend.

import { copyFileSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { cores, type Started } from '../processes.ts'
import { answersOk, until } from '../until.ts'
import { freePorts } from './free-ports.ts'
import { renderStaticFile, type Secrets } from './launcher-parts.ts'

export type TraefikOptions = {
  readonly binary: string
  readonly secrets: Secrets
  readonly verifyPort: number
  readonly backendPort: number
}

/** `plain` is not guarded; `guarded` asks the sidecar first. */
export type Traefik = {
  readonly process: Started
  readonly urls: { readonly plain: string; readonly guarded: string }
}

/** Starts Traefik on one core and waits until it answers its ping and both routes are there. */
export async function startTraefik(context: Context, options: TraefikOptions): Promise<Traefik> {
  const folder = join(context.scratch, 'traefik')
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
  return { process, urls: { plain: `${url}/plain`, guarded: `${url}/guarded` } }
}

function writeDynamicFiles({ root }: Context, directory: string, backendPort: number): void {
  const production = join(root, 'traefik-config', 'dynamic', 'forward-auth.yml')
  copyFileSync(production, join(directory, 'forward-auth.yml'))
  const router = (path: string, middlewares: string[]) => ({
    rule: `Path(\`${path}\`)`,
    entryPoints: ['web'],
    service: 'bench-backend',
    ...(middlewares.length > 0 && { middlewares }),
  })
  const http = {
    routers: {
      'bench-plain': router('/plain', []),
      'bench-guarded': router('/guarded', ['websocket-auth']),
    },
    services: {
      'bench-backend': { loadBalancer: { servers: [{ url: `http://127.0.0.1:${backendPort}` }] } },
    },
  }
  // JSON is YAML, too.
  writeFileSync(join(directory, 'bench.yml'), JSON.stringify({ http }))
}
