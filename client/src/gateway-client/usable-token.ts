// The null-token guard: what may be sent as a token at all. Knows nothing of who issued it.

/** Texts that programs leave behind where a token should be. */
const placeholders: ReadonlySet<string> = new Set(['token_placeholder', 'null', 'undefined'])

/** RFC 7230 3.2.6: a subprotocol entry is a token; anything else makes `new WebSocket` throw. */
const entryPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** True for a text that can be sent as a token: not blank, not a placeholder, fit for a subprotocol entry. */
export function isUsableToken(token: unknown): token is string {
  return typeof token === 'string' && !placeholders.has(token) && entryPattern.test(token)
}
