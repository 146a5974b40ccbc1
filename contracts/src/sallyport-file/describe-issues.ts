// zod's issues → sentences for people, at the places in the file that they are about.

import type { z } from 'zod'
import type { Path, PolicyFault, YamlFile } from './read-yaml.ts'
import { membersAt } from './schema.ts'

type Issue = z.core.$ZodIssue

/** The faults of one part of the file; `base` is where that part stands. */
export function describeIssues(
  issues: readonly Issue[],
  base: Path,
  file: YamlFile,
): PolicyFault[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path]
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => file.faultAtKey(path, key, unknownKey(path, key)))
    }
    if (issue.code === 'invalid_key') {
      const said = issue.issues[0]?.message ?? issue.message
      return [file.faultAtKey(path.slice(0, -1), String(path.at(-1)), place(path, said))]
    }
    return [file.faultAt(path, place(path, sentence(path, issue)))]
  })
}

/** `routes.websocket.path: must …` */
export function place(path: Path, message: string): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`
}

function sentence(path: Path, issue: Issue): string {
  if (path.length === 0 && issue.code === 'invalid_type') {
    return 'the file must be a mapping that begins with version: 1'
  }
  const isMissing = issue.input === undefined
  if (isMissing && issue.code === 'invalid_type') return 'is missing'
  if (issue.code === 'invalid_value' && issue.values.length > 1) {
    const known = issue.values.map(String)
    const hint = typeof issue.input === 'string' ? nearest(issue.input, known) : ''
    return `${isMissing ? 'is missing, it ' : ''}must be one of ${known.join(', ')}${hint}`
  }
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
}

function unknownKey(path: Path, key: string): string {
  const known = membersAt(path)
  const hint = nearest(key, known) || `, known are ${known.join(', ')}`
  return place(path, `there is no ${JSON.stringify(key.slice(0, 64))}${hint}`)
}

/** `, did you mean …?` for what is at most two slips away; else nothing. */
function nearest(given: string, known: readonly string[]): string {
  if (given.length > 64) return ''
  const ranked = known
    .map((text) => ({ text, slips: slipsBetween(given.toLowerCase(), text.toLowerCase()) }))
    .sort((a, b) => a.slips - b.slips)
  const [best] = ranked
  return best && best.slips <= Math.max(2, best.text.length / 4)
    ? `, did you mean ${best.text}?`
    : ''
}

/** Levenshtein's distance. */
function slipsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
