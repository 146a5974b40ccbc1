// zod's issues → sentences for people, at the places in the file that they are about.

import type { z } from 'zod'
import { nearest } from '../nearest.ts'
import { sentenceOf } from './issue-sentence.ts'
import type { Path, PolicyFault, YamlFile } from './read-yaml.ts'
import { membersAt } from './schema.ts'

type Issue = z.core.$ZodIssue

/** The faults of one part of the file; `base` is where that part stands. */
export function describeIssues(
  issues: readonly Issue[],
  base: Path,
  file: YamlFile,
): PolicyFault[] {
  return issues.filter(isFirstCause).flatMap((issue) => {
    const path = [...base, ...issue.path]
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => file.faultAtKey(path, key, unknownKey(path, key)))
    }
    if (issue.code === 'invalid_key') {
      const said = issue.issues[0]?.message ?? issue.message
      return [file.faultAtKey(path.slice(0, -1), String(path.at(-1)), place(path, said))]
    }
    return [file.faultAt(path, place(path, sentenceOf(path, issue)))]
  })
}

/** What is of another type breaks other rules as well, which say nothing then. */
function isFirstCause(issue: Issue, _index: number, all: readonly Issue[]): boolean {
  if (issue.code === 'invalid_type') return true
  const place = issue.path.join('.')
  return !all.some(({ code, path }) => code === 'invalid_type' && path.join('.') === place)
}

/** `routes.websocket.path: must …` */
export function place(path: Path, message: string): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`
}

function unknownKey(path: Path, key: string): string {
  const known = membersAt(path)
  const hint = nearest(key, known) || `, known are ${known.join(', ')}`
  return place(path, `there is no ${JSON.stringify(key.slice(0, 64))}${hint}`)
}
