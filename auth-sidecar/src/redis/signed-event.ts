// An event as it stands in Redis: one line of text that only a sidecar can have written, for one place in one epoch.
// Whoever else may write there can neither forge one, nor move one, nor bring an old one back. Pure.

import { createHmac, timingSafeEqual } from 'node:crypto'
import {
  type AuthorityEvent,
  authorityEventSchema,
  type NumberedEvent,
} from '@sallyport/contracts/authority-event'
import type { FeedPosition } from '../authority/authority-store.ts'

/** Writes and believes lines of one secret. */
export type EventSigner = {
  readonly sign: (position: FeedPosition, event: AuthorityEvent) => string
  /** The place and the event of a line; undefined for one that no sidecar wrote. */
  readonly open: (line: string) => SignedEvent | undefined
}

export type SignedEvent = { readonly epoch: string; readonly event: NumberedEvent }

const lineForm = /^([A-Za-z0-9_-]{1,64}) ([1-9][0-9]{0,14}) ([A-Za-z0-9_-]{43}) (\{.*\})$/s
/** No event of ours comes near it; what is longer is not looked into. */
const maxLineLength = 8192

/** Signs with `secret`, the same on every sidecar of a store; believes that and `others`, while a ring is turned. */
export function createEventSigner(
  secret: Uint8Array,
  others: readonly Uint8Array[] = [],
): EventSigner {
  const believed = [secret, ...others]

  return {
    sign({ epoch, sequence }, event) {
      const text = JSON.stringify(event)
      return `${epoch} ${sequence} ${macOf(secret, `${epoch} ${sequence} ${text}`)} ${text}`
    },
    open(line) {
      const parts = line.length > maxLineLength ? null : lineForm.exec(line)
      if (!parts) return undefined
      const [, epoch = '', sequence = '', mac = '', text = ''] = parts
      const isOf = (each: Uint8Array) =>
        timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(each, `${epoch} ${sequence} ${text}`)))
      if (!believed.some(isOf)) return undefined
      return { epoch, event: { ...readEvent(text), sequence: Number(sequence) } }
    },
  }
}

function macOf(secret: Uint8Array, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url')
}

/** What is signed and unknown was written by a newer release: asking about everybody covers it. */
function readEvent(text: string): AuthorityEvent {
  try {
    return authorityEventSchema.parse(JSON.parse(text))
  } catch {
    return { type: 'check-all' }
  }
}
