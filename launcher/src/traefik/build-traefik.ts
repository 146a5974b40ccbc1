// Builds Traefik from its Go module, once: every source is pinned by go.sum. One builder at a time.

import { spawn } from 'node:child_process'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { Context } from '../context.ts'
import { withExclusive } from '../exclusive.ts'
import { createBuildProgress } from './build-progress.ts'
import { findGo, oldestGo } from './find-go.ts'
import { findTraefik, traefikCacheFolder, traefikModule, traefikVersion } from './find-traefik.ts'

const keptLines = 15
const traefikCommand = 'github.com/traefik/traefik/v3/cmd/traefik'

/** What to do when there is neither a Traefik nor a Go to build one. */
const traefikRemedy = [
  `Traefik ${traefikVersion} or newer (3.x) is needed. Either`,
  '  install it and put it on PATH: https://github.com/traefik/traefik/releases',
  `  or install Go ${oldestGo} or newer (https://go.dev/dl/) and run \`make up\` again: it is then built once.`,
].join('\n')

/** What to do when there is a Go and it could not build: mostly it could not fetch the sources. */
const buildRemedy = [
  'Go is there: check the network and GOPROXY (`go env GOPROXY`) and run `make up` again,',
  `or put Traefik ${traefikVersion} or newer (3.x) on PATH: https://github.com/traefik/traefik/releases`,
].join('\n')

/** The path of a usable Traefik, built if need be; the error says in full what is missing. */
export async function ensureTraefik(context: Context): Promise<Result<string, string>> {
  const { root, settings, output } = context
  const found = await findTraefik(root, settings)
  if (found) return ok(found.path)
  const go = await findGo(settings)
  if (!go) return err(traefikRemedy)
  if (!go.isNewEnough) return err(`${go.said} is too old to build Traefik.\n${traefikRemedy}`)
  const folder = traefikCacheFolder(root, settings)
  mkdirSync(folder, { recursive: true })
  const onWait = () => output.line('another process is building Traefik, waiting for it')
  return withExclusive(join(folder, 'building'), onWait, async () => {
    // Whoever held the lock may have built it meanwhile.
    const built = await findTraefik(root, settings)
    return built ? ok(built.path) : build(context, go.path, folder)
  })
}

async function build(
  context: Context,
  go: string,
  folder: string,
): Promise<Result<string, string>> {
  const { output, root } = context
  output.line(`building Traefik ${traefikVersion} from source: once, takes some minutes`)
  const finished = join(folder, 'traefik')
  const partial = `${finished}.partial`
  rmSync(partial, { force: true })
  const lines: string[] = []
  const progress = createBuildProgress(output, () => performance.now())
  const { code, tookMs } = await runGo(context, go, partial, (line) => {
    lines.push(line)
    progress.next(line)
  })
  progress.close()
  if (code !== 0) {
    const last = lines.slice(-keptLines).map((line) => `  ${line}`)
    return err(
      [
        `building Traefik failed (go build, code ${code}) in ${traefikModule(root)}:`,
        ...last,
        buildRemedy,
      ].join('\n'),
    )
  }
  renameSync(partial, finished)
  output.line(
    `Traefik ${traefikVersion} is built (${Math.round(tookMs / 1000)} s), kept in ${folder}`,
  )
  return ok(finished)
}

function runGo(context: Context, go: string, target: string, onLine: (line: string) => void) {
  const flags = `-s -w -X github.com/traefik/traefik/v3/pkg/version.Version=${traefikVersion}`
  const startedMs = performance.now()
  const child = spawn(
    go,
    ['build', '-v', '-mod=readonly', '-trimpath', '-ldflags', flags, '-o', target, traefikCommand],
    {
      cwd: traefikModule(context.root),
      // Go needs the user's proxy, cache and certificate settings: it is a tool here, not a service.
      env: { ...context.settings, CGO_ENABLED: '0', GOWORK: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', onLine)
  }
  return new Promise<{ code: number | string; tookMs: number }>((resolve) => {
    const settle = (code: number | string) =>
      resolve({ code, tookMs: performance.now() - startedMs })
    child.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.name))
    child.once('close', (code, signal) => settle(code ?? signal ?? 'unknown'))
  })
}
