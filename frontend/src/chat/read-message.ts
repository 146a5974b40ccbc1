// An event of a room as something to read. What others publish is any JSON: only text is shown.

import type { ReceivedEvent } from '@sallyport/client/react'

type ReadableMessage = {
  readonly from: string
  readonly text: string
  readonly time: string
}

/** The message in an event; undefined when it holds no text. */
export function readMessage(event: ReceivedEvent): ReadableMessage | undefined {
  const text = event.data['text']
  if (typeof text !== 'string' || text.trim() === '') return undefined
  return { from: event.from.username, text, time: clockTime(event.at) }
}

function clockTime(at: string): string {
  const moment = new Date(at)
  if (Number.isNaN(moment.getTime())) return ''
  return moment.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
}
