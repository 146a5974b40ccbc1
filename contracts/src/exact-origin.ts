// The form of an origin that somebody configures: letter by letter what a browser sends, because it is compared so.

const form = /^https?:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/

/** True for scheme, host and port as browsers write them. URL alone would let a host hold braces and backticks. */
export function isExactOrigin(text: string): boolean {
  return form.test(text) && URL.parse(text)?.origin === text
}
