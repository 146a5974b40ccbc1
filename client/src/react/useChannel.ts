// One channel for a component: in it while mounted, with what was said since. History is not its business.

import type { ChannelEvent, ServerError } from '@sallyport/contracts/messages/server-message'
import { useCallback, useEffect, useState } from 'react'
import { useGateway } from './GatewayProvider.tsx'

/** An event with a key of its own for lists. */
export type ReceivedEvent = ChannelEvent & { readonly key: number }

export type Channel = {
  /** Oldest first, at most `maxKeptEvents`. */
  readonly events: readonly ReceivedEvent[]
  /** True once the server has said so on the current connection. */
  readonly isJoined: boolean
  /** The last refusal on this socket; gone with the next publish. */
  readonly refusal: ServerError | undefined
  /** False when the message could neither be sent nor queued. */
  readonly publish: (data: Readonly<Record<string, unknown>>) => boolean
}

const lostChannel: ServerError = {
  code: 'not-allowed',
  category: 'auth',
  message: 'You no longer have access to this channel',
  retryable: false,
}

/** How many events a component keeps. */
export const maxKeptEvents = 200

/** Joins a channel for as long as the component is mounted; a sign-out empties it, the next connection joins again. */
export function useChannel(channel: string): Channel {
  const { client, state, send } = useGateway()
  const [events, setEvents] = useState<readonly ReceivedEvent[]>([])
  const [joinedOn, setJoinedOn] = useState<string>()
  const [refusal, setRefusal] = useState<ServerError>()

  // `disconnect()` forgets every channel, and what one session heard is not for the next.
  const isIdle = state.phase === 'idle'
  useEffect(() => {
    if (isIdle) return undefined
    let nextKey = 0
    const stopListening = client.onMessage((message) => {
      if (message.type === 'event' && message.data.channel === channel) {
        const received = { ...message.data, key: nextKey }
        nextKey += 1
        setEvents((earlier) => [...earlier, received].slice(-maxKeptEvents))
      }
      if (message.type === 'subscribed' && message.data.channel === channel) {
        const now = client.getState()
        if (now.phase === 'open') setJoinedOn(now.connectionId)
      }
      // Only of channels that a renewed authority no longer allows; the server has left them already.
      if (message.type === 'auth.ok' && message.data.lost.includes(channel)) {
        setJoinedOn(undefined)
        setRefusal(lostChannel)
      }
      if (message.type === 'error') setRefusal(message.data)
    })
    const leave = client.join(channel)
    return () => {
      leave()
      stopListening()
      setEvents([])
      setJoinedOn(undefined)
    }
  }, [client, channel, isIdle])

  const publish = useCallback(
    (data: Readonly<Record<string, unknown>>) => {
      setRefusal(undefined)
      return send({ type: 'publish', channel, data })
    },
    [send, channel],
  )
  const isJoined = state.phase === 'open' && state.connectionId === joinedOn
  return { events, isJoined, refusal, publish }
}
