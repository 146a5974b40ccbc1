// What a client may say on a live socket; what comes first on a pending one is `first-message.ts`.
// Unknown types and ill-formed data are answered with `error`, repeated ones close the socket.

import { isChannelName } from '../channel.ts'
import { err, ok, type Result } from '../result.ts'
import { maxTokenLength } from '../token-bounds.ts'
import type { Envelope } from './envelope.ts'

export type ClientMessage =
  /** A new token of the same subject and issuer, to go on with. */
  | { readonly type: 'auth.refresh'; readonly id?: string; readonly token: string }
  | { readonly type: 'subscribe'; readonly id?: string; readonly channel: string }
  | { readonly type: 'unsubscribe'; readonly id?: string; readonly channel: string }
  | {
      readonly type: 'publish'
      readonly id?: string
      readonly channel: string
      readonly data: Readonly<Record<string, unknown>>
    }

/** Why an envelope is no message of ours. */
export type ClientMessageFault =
  | 'unknown-type'
  | 'already-authenticated'
  | 'bad-channel'
  | 'bad-data'

/** Narrows an envelope to a client message. */
export function parseClientMessage(envelope: Envelope): Result<ClientMessage, ClientMessageFault> {
  const { type, data } = envelope
  // Not even read: whose socket this is does not change while it lives.
  if (type === 'authenticate') return err('already-authenticated')
  if (type === 'auth.refresh') return parseRefresh(envelope)
  if (type !== 'subscribe' && type !== 'unsubscribe' && type !== 'publish')
    return err('unknown-type')
  const channel = data?.['channel']
  if (!isChannelName(channel)) return err('bad-channel')
  const id = envelope.id === undefined ? {} : { id: envelope.id }
  if (type !== 'publish') return ok({ type, channel, ...id })
  const body = data?.['data']
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return err('bad-data')
  return ok({ type, channel, data: body as Record<string, unknown>, ...id })
}

function parseRefresh({ id, data }: Envelope): Result<ClientMessage, ClientMessageFault> {
  const token = data?.['token']
  if (typeof token !== 'string' || token === '' || token.length > maxTokenLength) {
    return err('bad-data')
  }
  return ok({ type: 'auth.refresh', token, ...(id !== undefined && { id }) })
}
