// A denial as an HTTP answer: RFC 9457 problem+json and the headers that go with it.

import { type Denial, denials } from './denials.ts'

/** The media type of RFC 9457. */
export const problemContentType = 'application/problem+json'

/** An HTTP answer that says a denial; header names are lower-case. */
export type ProblemAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Renders a denial for the caller. The internal `reason` stays out on purpose. */
export function problemAnswer(denial: Denial, requestId: string): ProblemAnswer {
  const { status, title } = denials[denial.code]
  const headers: Record<string, string> = {
    'content-type': problemContentType,
    'cache-control': 'no-store',
  }
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  if (status === 426) headers['sec-websocket-version'] = '13'
  if (denial.retryAfterSeconds !== undefined) headers['retry-after'] = `${denial.retryAfterSeconds}`
  const body = JSON.stringify({
    type: `urn:sallyport:denial:${denial.code}`,
    title,
    status,
    code: denial.code,
    detail: denial.detail ?? title,
    requestId,
    ...(denial.accepts && { accepts: denial.accepts }),
  })
  return { status, headers, body }
}
