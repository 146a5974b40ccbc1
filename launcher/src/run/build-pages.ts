// Builds the front end when what is built is missing or older than its sources.

import { execFile } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { Context } from '../context.ts'
import { withExclusive } from '../exclusive.ts'

const sources = [
  'frontend/src',
  'frontend/public',
  'frontend/index.html',
  'frontend/vite.config.ts',
  'client/src',
  'contracts/src',
  'package-lock.json',
] as const

/** Makes sure that frontend/dist is there and fresh; the error carries what the build printed. */
export async function ensurePages(context: Context): Promise<Result<undefined, string>> {
  const { root, output } = context
  if (isFresh(root)) return ok(undefined)
  const lock = join(root, 'node_modules', '.sallyport-pages.lock')
  const onWait = () => output.line('another process is building the front end, waiting for it')
  return withExclusive(lock, onWait, async () => (isFresh(root) ? ok(undefined) : build(context)))
}

/** True when the built page is at least as new as everything it is built from. */
function isFresh(root: string): boolean {
  const page = join(root, 'frontend', 'dist', 'index.html')
  if (!existsSync(page)) return false
  const newestMs = Math.max(...sources.map((source) => newestIn(join(root, source))))
  return statSync(page).mtimeMs >= newestMs
}

function newestIn(path: string): number {
  if (!existsSync(path)) return 0
  const own = statSync(path)
  if (!own.isDirectory()) return own.mtimeMs
  // A folder's own time counts: it moves when a file in it is deleted.
  return Math.max(own.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))))
}

function build(context: Context): Promise<Result<undefined, string>> {
  const { root, settings, output } = context
  output.line('building the front end')
  const startedMs = performance.now()
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const environment = { ...settings, NODE_ENV: 'production', NO_COLOR: '1' }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [vite, 'build', 'frontend'],
      { cwd: root, env: environment },
      (error, printed, complaints) => {
        if (error) return resolve(err(`building the front end failed:\n${printed}${complaints}`))
        output.line(`the front end is built (${Math.round(performance.now() - startedMs)} ms)`)
        return resolve(ok(undefined))
      },
    )
  })
}
