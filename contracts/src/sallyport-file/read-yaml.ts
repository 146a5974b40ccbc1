// Text → a plain value and a way back from a path in it to line and column. Bounded before anything is read: the
// file is its owner's, but a slip of his must not hang what watches it. Knows nothing of routes.

import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { err, ok, type Result } from '../result.ts'

/** One thing that is wrong with the file, and where. Lines and columns count from 1. */
export type PolicyFault = {
  readonly line: number
  readonly column: number
  readonly message: string
}

export type Path = readonly PropertyKey[]

/** What the file says, before it is judged. */
export type YamlFile = {
  readonly value: unknown
  /** What is wrong with the form and does not keep the rest from being judged. */
  readonly faults: readonly PolicyFault[]
  /** The fault `message` at the value under `path`, or at the nearest place that the file does have. */
  readonly faultAt: (path: Path, message: string) => PolicyFault
  /** The same at a mapping's key. */
  readonly faultAtKey: (path: Path, key: string, message: string) => PolicyFault
}

/** In bytes of UTF-8. */
const maxFileBytes = 256 * 1024
const maxAliases = 100
const maxDepth = 12
const maxTextLength = 2048
/** A torn file is torn in many places, of which the first few help. */
const maxTorn = 5

const controlCharacter = /[\p{Cc}\u2028\u2029]/u

/** Reads YAML 1.2; the error names everything that is wrong with the form. */
export function readYaml(text: string): Result<YamlFile, readonly PolicyFault[]> {
  if (Buffer.byteLength(text) > maxFileBytes) {
    return err([start(`the file is longer than ${maxFileBytes / 1024} KiB`)])
  }
  try {
    return readBounded(text)
  } catch {
    // The library gives up on nesting with a RangeError and on aliases with a ReferenceError.
    return err([start('the file cannot be read: nested too deeply, or too many aliases')])
  }
}

function readBounded(text: string): Result<YamlFile, readonly PolicyFault[]> {
  const lines = new LineCounter()
  const at = (offset: number, message: string): PolicyFault => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1), message }
  }
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, logLevel: 'error' })
  const torn = document.errors.filter(({ code }) => code !== 'DUPLICATE_KEY')
  if (torn.length > 0) {
    return err(torn.slice(0, maxTorn).map(({ pos, message }) => at(pos[0], firstLine(message))))
  }
  const faults = [...document.errors, ...document.warnings].map(({ code, pos, message }) =>
    at(
      pos[0],
      (code === 'DUPLICATE_KEY' && keyTwice(document, pos[0], lines)) || firstLine(message),
    ),
  )
  let isTooDeep = false
  visit(document, {
    Node(_key, node, parents) {
      isTooDeep ||= parents.length > maxDepth * 2
      const fault = isTooDeep ? 'nested too deeply' : faultOf(node)
      if (fault !== undefined) faults.push(at(node.range?.[0] ?? 0, fault))
      return isTooDeep ? visit.BREAK : undefined
    },
  })
  if (isTooDeep) return err(faults)
  const offsetOf = (path: Path): number => {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true) as Node | null | undefined
      if (node?.range)
        return length < path.length ? keyOffset(path.slice(0, length)) : node.range[0]
    }
    return 0
  }
  const keyOffset = (path: Path): number => {
    const parent = document.getIn(path.slice(0, -1), true)
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1))
      : undefined
    const range = (pair?.key as Node | undefined)?.range
    return range?.[0] ?? (document.getIn(path, true) as Node | undefined)?.range?.[0] ?? 0
  }
  return ok({
    faults,
    value: document.toJS({ maxAliasCount: maxAliases }) as unknown,
    faultAt: (path, message) => at(offsetOf(path), message),
    faultAtKey: (path, key, message) => at(keyOffset([...path, key]), message),
  })
}

/** What no text of the file may hold, wherever it stands. */
function faultOf(node: unknown): string | undefined {
  if (!isScalar(node) || typeof node.value !== 'string') return undefined
  const { value } = node
  if (value.length > maxTextLength) return `longer than ${maxTextLength} characters`
  // Libraries skip this name in silence: a demand under it would be no demand.
  if (value === '__proto__') return 'must not be called __proto__'
  // Traefik's files are Go templates: a value must not be able to become a part of one.
  if (value.includes('{{') || value.includes('}}')) return 'must not hold {{ or }}'
  return controlCharacter.test(value) ? 'must not hold control characters' : undefined
}

function firstLine(message: string): string {
  return (message.split('\n', 1)[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')
}

function start(message: string): PolicyFault {
  return { line: 1, column: 1, message }
}

/** Which key stands at `offset` a second time, and where the first one is; undefined when it is not found. */
function keyTwice(document: Document, offset: number, lines: LineCounter): string | undefined {
  let said: string | undefined
  const offsetOf = (key: unknown) => (isScalar(key) ? key.range?.[0] : undefined)
  visit(document, {
    Map(_key, { items }) {
      const second = items.find(({ key }) => offsetOf(key) === offset)
      if (!second) return undefined
      const name = String(second.key)
      const first = items.find(({ key }) => isScalar(key) && String(key) === name)
      const { line } = lines.linePos(offsetOf(first?.key) ?? offset)
      said = `${JSON.stringify(name.slice(0, 64))} stands here a second time, first in line ${line}`
      return visit.BREAK
    },
  })
  return said
}
