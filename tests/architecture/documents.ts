// The documents, taken apart: links, anchors, commands, tables, paths. Knows how they are written, not what they say.

import { posix } from 'node:path'
import { listFiles, readText } from './repository.ts'

/** Documents for people, by path; the lock file's and packages' own are none of them. */
export const documents: ReadonlyMap<string, string> = new Map(
  listFiles()
    .filter((path) => path.endsWith('.md'))
    .map((path) => [path, readText(path)]),
)

/** The text of one document; throws when there is none. */
export function documentOf(path: string): string {
  const text = documents.get(path)
  if (text === undefined) throw new Error(`there is no ${path}`)
  return text
}

export type Link = { readonly from: string; readonly path: string; readonly anchor?: string }

/** Links into the repository, their paths from its root. */
export function relativeLinks(from: string, text: string): Link[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#')
      const whole = path === '' ? from : posix.join(posix.dirname(from), path)
      return { from, path: whole.replace(/\/$/, ''), ...(anchor !== undefined && { anchor }) }
    })
}

/** Anchors of a document's headings, as hosts make them. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** Targets that a document tells to make. */
export function makeTargets(text: string): string[] {
  const commands = /(?:^|`|\$\(| && )(?:[A-Z_]+=\S+ )*make(?: -s)? ([a-z][a-z-]*)/gm
  return [...text.matchAll(commands)].map(([, target = '']) => target)
}

/** The section under a heading, up to the next of its level. */
export function sectionOf(text: string, heading: string): string {
  const [, rest = ''] = text.split(`\n${heading}\n`)
  const level = heading.split(' ', 1)[0] ?? ''
  return rest.split(`\n${level} `, 1)[0] ?? ''
}

/** Rows of all tables in a text, cells without their backticks; headings left out. */
export function tableRows(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')),
  )
}

/** Paths of files and folders that a text puts in backticks. */
export function quotedPaths(text: string): string[] {
  return [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+)\/?`/g)].map(([, path = '']) => path)
}

/** Paths that an indented tree in a code block lists. */
export function treePaths(text: string): string[] {
  const [, block = ''] = text.split('```\n')
  let folder = ''
  return block.split('\n').flatMap((line) => {
    const [, indent = '', name] = /^( *)([\w./-]+\/)(?: |$)/.exec(line) ?? []
    if (name === undefined) return []
    if (indent === '') folder = name
    return [posix.join(indent === '' ? '' : folder, name)]
  })
}
