// One of zod's issues → a sentence for whoever wrote the file: what must stand there, in the file's own words.

import type { z } from 'zod'
import { nearest } from '../nearest.ts'
import type { Path } from './read-yaml.ts'

type Issue = z.core.$ZodIssue

/** What must stand at `path`. */
export function sentenceOf(path: Path, issue: Issue): string {
  if (path.length === 0 && issue.code === 'invalid_type') {
    return 'the file must be a mapping that begins with version: 1'
  }
  const isMissing = issue.input === undefined
  if (isMissing && path.length === 1 && path[0] === 'version') {
    return 'is missing: begin with version: 1'
  }
  if (isMissing && issue.code === 'invalid_type') return 'is missing'
  if (issue.code === 'invalid_value' && issue.values.length > 1) {
    const known = issue.values.map(String)
    const hint = typeof issue.input === 'string' ? nearest(issue.input, known) : ''
    return `${isMissing ? 'is missing, it ' : ''}must be one of ${known.join(', ')}${hint}`
  }
  const said = issue.code === 'invalid_type' ? sentenceOfType(issue) : sentenceOfSize(issue)
  return said ?? issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
}

/** Undefined where the schema says it better. */
function sentenceOfType({ expected, input }: z.core.$ZodIssueInvalidType): string | undefined {
  if (expected === 'array') {
    const isWord = typeof input === 'string' && /^[\w.:/-]{1,64}$/.test(input)
    return isWord ? `must be a list, like [${input}]` : 'must be a list, like [one, another]'
  }
  if (expected === 'object' || expected === 'record') return 'must be a mapping, like { name: … }'
  if (expected === 'boolean') return 'must be true or false'
  return expected === 'string' ? 'must be a text' : undefined
}

function sentenceOfSize(issue: Issue): string | undefined {
  if (issue.code === 'too_big') {
    if (issue.origin === 'array') return `must have at most ${issue.maximum} entries`
    if (issue.origin === 'string') return `must have at most ${issue.maximum} characters`
  }
  if (issue.code === 'too_small') {
    if (issue.origin === 'array') return 'must have an entry'
    if (issue.origin === 'string') return 'must not be empty'
  }
  return undefined
}
