// The messages of a room. Follows the newest one unless the reader has scrolled up.

import type { ReceivedEvent } from '@sallyport/client/react'
import { useEffect, useLayoutEffect, useRef } from 'react'
import { readMessage } from './read-message.ts'

type MessageListProps = {
  readonly events: readonly ReceivedEvent[]
  readonly ownUserId: string | undefined
}

/** This close to the end still counts as reading along, in pixels. */
const followWithinPx = 80

/** A list that screen readers follow. */
export function MessageList({ events, ownUserId }: MessageListProps) {
  const list = useRef<HTMLOListElement>(null)
  const isFollowing = useRef(true)

  useLayoutEffect(() => followEnd(list.current, isFollowing.current), [events])
  useEffect(() => {
    const element = list.current
    if (!element) return undefined
    // A notice above the room or an on-screen keyboard makes the list shorter: the end must stay in view.
    const observer = new ResizeObserver(() => followEnd(element, isFollowing.current))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const noteScroll = () => {
    const element = list.current
    if (!element) return
    const toEndPx = element.scrollHeight - element.scrollTop - element.clientHeight
    isFollowing.current = toEndPx < followWithinPx
  }

  return (
    <div className="chat-log" role="log" aria-label="Messages">
      {events.length === 0 && <p className="chat-empty">Nobody has said anything yet.</p>}
      {/* A region that scrolls must be reachable by keyboard. */}
      <ol
        className="chat-list"
        ref={list}
        onScroll={noteScroll}
        tabIndex={events.length > 0 ? 0 : -1}
      >
        {events.map((event) => (
          <Message key={event.key} event={event} isOwn={event.from.userId === ownUserId} />
        ))}
      </ol>
    </div>
  )
}

function followEnd(element: HTMLElement | null, isFollowing: boolean): void {
  if (element && isFollowing) element.scrollTop = element.scrollHeight
}

function Message({ event, isOwn }: { readonly event: ReceivedEvent; readonly isOwn: boolean }) {
  const message = readMessage(event)
  if (!message) return null
  return (
    <li className="chat-message" data-own={isOwn} data-testid="chat-message">
      <p className="chat-meta">
        <span className="chat-from">{message.from}</span>
        {message.time !== '' && <time dateTime={event.at}>{message.time}</time>}
      </p>
      <p className="chat-text">{message.text}</p>
    </li>
  )
}
