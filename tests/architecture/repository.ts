// The files of the repository as Git sees them: tracked, and new ones that are not ignored. Reads, never writes.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Sources } from './import-graph.ts'

/** The root of the repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Paths from the root, sorted. */
export function listFiles(): string[] {
  const options = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const listed = execFileSync('git', options, { cwd: root, encoding: 'utf8' })
  const paths = listed.split('\0').filter((path) => path !== '' && existsSync(join(root, path)))
  return [...new Set(paths)].sort()
}

/** The text of a file. */
export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** All files whose path matches, with their texts. */
export function readSources(pattern: RegExp): Sources {
  const paths = listFiles().filter((path) => pattern.test(path))
  return new Map(paths.map((path) => [path, readText(path)]))
}
