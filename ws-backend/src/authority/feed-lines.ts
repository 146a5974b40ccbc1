// NDJSON from the wire: chunks → lines → feed lines. Pure but for the rest of a line it holds.

import { type FeedLine, feedLineSchema } from '@sallyport/contracts/authority-event'
import { err, ok, type Result } from '@sallyport/contracts/result'

/** A longer line is not ours. */
const maxFeedLineChars = 65_536

/** Cuts chunks at line ends; keeps at most one unfinished line. */
export function createLineSplitter(maxLineChars = maxFeedLineChars) {
  let rest = ''
  return function push(chunk: string): Result<readonly string[], 'line-too-long'> {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    const isTooLong = [...lines, rest].some((line) => line.length > maxLineChars)
    return isTooLong ? err('line-too-long') : ok(lines)
  }
}

/** Reads one line; an unknown type is a fault like any other. */
export function parseFeedLine(text: string): Result<FeedLine, 'not-a-feed-line'> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return err('not-a-feed-line')
  }
  const parsed = feedLineSchema.safeParse(value)
  return parsed.success ? ok(parsed.data) : err('not-a-feed-line')
}
