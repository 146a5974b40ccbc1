// The one message a pending socket may send: `authenticate`. Exact form, or the socket ends: nobody is behind it yet,
// so there is nobody to explain a mistake to. Knows no token; whether it is a good one is the sidecar's to say.

import { err, ok, type Result } from '../result.ts'
import { maxTokenLength } from '../token-bounds.ts'
import { parseEnvelope } from './envelope.ts'

/** No first message is longer, in characters: the longest token, and room for what stands around it. */
export const maxFirstMessageLength = maxTokenLength + 1024

/** Why a frame is no first message. */
export type FirstMessageFault = 'too-long' | 'bad-message'

/** Printable ASCII, so that a bound in characters is one in bytes on every hop. */
const tokenForm = /^[\x21-\x7e]+$/

const membersOfMessage = new Set(['type', 'id', 'data'])

/** Reads the token of `{"type":"authenticate","id"?,"data":{"token"}}`; any other member is a fault. */
export function parseFirstMessage(
  text: string,
): Result<{ readonly token: string }, FirstMessageFault> {
  if (text.length > maxFirstMessageLength) return err('too-long')
  const envelope = parseEnvelope(text)
  if (!envelope.ok || envelope.value.type !== 'authenticate') return err('bad-message')
  const { data } = envelope.value
  if (!Object.keys(envelope.value).every((name) => membersOfMessage.has(name))) {
    return err('bad-message')
  }
  if (!data || Object.keys(data).length !== 1) return err('bad-message')
  const { token } = data
  if (typeof token !== 'string' || token.length > maxTokenLength) return err('bad-message')
  if (!tokenForm.test(token)) return err('bad-message')
  return ok({ token })
}
