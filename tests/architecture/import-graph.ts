// Who imports whom, read off the text: static, type-only, re-exporting and dynamic imports, and the files that
// workers are started from. Knows no rule.

import { posix } from 'node:path'
import { codeOf } from './source-text.ts'

/** Files by their path from the root of the repository. */
export type Sources = ReadonlyMap<string, string>

/** `to` is a path of a file of ours, a package's name, or `node:…`. */
export type Import = { readonly from: string; readonly to: string; readonly isOurs: boolean }

export type ImportGraph = {
  readonly imports: readonly Import[]
  /** Imports that lead nowhere, or whose target is not written as one string. */
  readonly unresolved: readonly string[]
}

const sourceFile = /\.tsx?$/

/** The string in each is blank: its text is read where it stands in the file. */
const forms = [
  /\bfrom\s*(['"])( +)\1/dg,
  /\bimport\s*(['"])( +)\1/dg,
  /\bimport\s*\(\s*(['"])( +)\1\s*[,)]/dg,
]
const fileOfOurs = /\bnew\s+URL\(\s*(['"])( +)\1/dg
const computedTarget = /\bimport\s*\(\s*(?!['"\s])/g

/** The specifiers of a file's imports, in order of form; `undefined` for one that is computed. */
export function specifiersOf(text: string): (string | undefined)[] {
  const code = codeOf(text, 'quotes-only')
  const textsOf = (form: RegExp) =>
    [...code.matchAll(form)].map((match) => text.slice(...(match.indices?.[2] ?? [0, 0])))
  const workers = textsOf(fileOfOurs).filter((target) => /^\.{1,2}\/.*\.tsx?$/.test(target))
  const computed = [...code.matchAll(computedTarget)].map(() => undefined)
  return [...forms.flatMap(textsOf), ...workers, ...computed]
}

/** Builds the graph of all TypeScript files. */
export function createImportGraph(sources: Sources): ImportGraph {
  const workspaces = readWorkspaces(sources)
  const imports: Import[] = []
  const unresolved: string[] = []
  for (const [from, text] of sources) {
    if (!sourceFile.test(from)) continue
    for (const specifier of specifiersOf(text)) {
      const found = specifier === undefined ? undefined : resolve(from, specifier, workspaces)
      const isMissing = found?.isOurs && !sources.has(found.to)
      if (!found || isMissing) unresolved.push(`${from} → ${specifier ?? 'a computed target'}`)
      else if (!found.isOurs || sourceFile.test(found.to)) imports.push({ from, ...found })
    }
  }
  return { imports, unresolved }
}

type Workspace = { readonly folder: string; readonly exports: Readonly<Record<string, string>> }
type Target = { readonly to: string; readonly isOurs: boolean }

function resolve(
  from: string,
  specifier: string,
  workspaces: ReadonlyMap<string, Workspace>,
): Target | undefined {
  if (specifier.startsWith('.')) {
    return { to: posix.join(posix.dirname(from), specifier), isOurs: true }
  }
  if (specifier.startsWith('node:')) return { to: specifier, isOurs: false }
  const parts = specifier.split('/')
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
  const workspace = workspaces.get(name)
  if (!workspace) return { to: name, isOurs: false }
  return exported(workspace, ['.', ...parts.slice(2)].join('/'))
}

/** The file behind a workspace's subpath, by its `exports`. */
function exported({ folder, exports }: Workspace, subpath: string): Target | undefined {
  for (const [pattern, target] of Object.entries(exports)) {
    const [head = '', tail] = pattern.split('*')
    const isWhole = tail === undefined && subpath === pattern
    const isPart = tail !== undefined && subpath.startsWith(head) && subpath !== '.'
    if (!isWhole && !isPart) continue
    return { to: posix.join(folder, target.replace('*', subpath.slice(head.length))), isOurs: true }
  }
  return undefined
}

function readWorkspaces(sources: Sources): ReadonlyMap<string, Workspace> {
  const found = [...sources].filter(([path]) => /^[^/]+\/package\.json$/.test(path))
  return new Map(
    found.map(([path, text]) => {
      const { name, exports = {} } = JSON.parse(text) as {
        name: string
        exports?: Record<string, string>
      }
      return [name, { folder: posix.dirname(path), exports }]
    }),
  )
}
