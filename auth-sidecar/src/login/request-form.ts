// The form a request to the HTTP API must have before anybody looks into it. Knows header lines, not handlers.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'

/** Parsers disagree about repeated ones: Node takes the first `Authorization`, others the last, or both. */
const onceOnly: ReadonlySet<string> = new Set([
  'authorization',
  'content-type',
  'cookie',
  'host',
  'origin',
  'sec-fetch-site',
  'access-control-request-method',
])

/** `application/json`, with UTF-8 said or unsaid: what a form of another site cannot send. */
const jsonType = /^application\/json(?:\s*;\s*charset="?utf-8"?)?$/i

/** What decides about the form. */
export type RequestForm = {
  /** Names and values by turns, as they came. */
  readonly rawHeaders: readonly string[]
  readonly contentType: string | undefined
  readonly hasBody: boolean
}

/** Refuses repeated security headers, and a body that is not declared as JSON. */
export function checkRequestForm(form: RequestForm): Result<void, Denial> {
  const seen = new Set<string>()
  for (let index = 0; index < form.rawHeaders.length; index += 2) {
    const name = form.rawHeaders[index]?.toLowerCase() ?? ''
    if (!onceOnly.has(name)) continue
    if (seen.has(name)) return refuse('malformed-request', 'header-twice')
    seen.add(name)
  }
  if (form.hasBody && !jsonType.test(form.contentType ?? '')) {
    const detail = 'Send JSON with Content-Type: application/json'
    return refuse('malformed-request', 'content-type', { detail })
  }
  return ok(undefined)
}
