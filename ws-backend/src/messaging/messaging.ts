// Rooms: who listens to which channel, and events to all of them, the sender included. At most once, no history.
// Knows no socket: a member that is not live or too far behind drops what it is given, and leaves through `leave`.

import type { Identity } from '@sallyport/contracts/identity'
import type { ClientMessage } from '@sallyport/contracts/messages/client-message'
import type { ServerMessage } from '@sallyport/contracts/messages/server-message'
import { errorMessage } from '../connection/outbound-messages.ts'
import type { ChannelAccess } from './channel-access.ts'

/** What messaging needs of a connection. */
export type Member = {
  /** Whose it is now; read anew each time. */
  readonly identity: Identity
  readonly isLive: () => boolean
  readonly send: (text: string) => void
  /** For what was published: dropped where a reader is too far behind. */
  readonly sendEvent: (text: string) => void
  /** Counts the bytes of an event against what this member may publish. */
  readonly mayPublish: (bytes: number) => boolean
}

type Publish = Extract<ClientMessage, { type: 'publish' }>

type MessagingDeps = {
  readonly maxChannels: number
  readonly wallClock: () => Date
  /** Asked anew for every message: an identity changes while its member stays. */
  readonly mayUseChannel: ChannelAccess
}

/** Builds the feature; all of its state is inside. */
export function createMessaging({ maxChannels, wallClock, mayUseChannel }: MessagingDeps) {
  const members = new Map<string, Set<Member>>()
  const channels = new Map<Member, Set<string>>()

  function subscribe(member: Member, channel: string, id: string | undefined): void {
    // A member that ended must not come back through a message that was already on its way.
    if (!member.isLive()) return
    if (!mayUseChannel(member.identity, 'subscribe', channel)) {
      return reply(member, errorMessage('not-allowed', id))
    }
    const own = channels.get(member) ?? new Set()
    if (!own.has(channel) && own.size >= maxChannels) {
      return reply(member, errorMessage('too-many-channels', id))
    }
    channels.set(member, own.add(channel))
    members.set(channel, (members.get(channel) ?? new Set()).add(member))
    reply(member, { type: 'subscribed', ...withId(id), data: { channel } })
  }

  function unsubscribe(member: Member, channel: string, id: string | undefined): void {
    channels.get(member)?.delete(channel)
    drop(channel, member)
    acknowledge(member, id)
  }

  function publish(member: Member, { channel, data, id }: Publish): void {
    const { identity } = member
    if (!mayUseChannel(identity, 'publish', channel)) {
      return reply(member, errorMessage('not-allowed', id))
    }
    const from = { userId: identity.subject, username: identity.username }
    const at = wallClock().toISOString()
    // Serialised once, however many listen. A send may end its member and so shrink the set, which a Set allows.
    const text = serialise({ type: 'event', data: { channel, data, from, at } })
    if (!member.mayPublish(Buffer.byteLength(text))) {
      return reply(member, errorMessage('rate-limited', id))
    }
    for (const listener of members.get(channel) ?? []) listener.sendEvent(text)
    acknowledge(member, id)
  }

  /** Takes a member out of every channel. */
  function leave(member: Member): void {
    for (const channel of channels.get(member) ?? []) drop(channel, member)
    channels.delete(member)
  }

  /** Takes a member out of every channel that its identity does not allow any more, and yields them. */
  function leaveForbidden(member: Member): readonly string[] {
    const own = channels.get(member) ?? new Set()
    const lost = [...own].filter((channel) => !mayUseChannel(member.identity, 'subscribe', channel))
    for (const channel of lost) {
      own.delete(channel)
      drop(channel, member)
    }
    return lost
  }

  function drop(channel: string, member: Member): void {
    const listeners = members.get(channel)
    listeners?.delete(member)
    if (listeners?.size === 0) members.delete(channel)
  }

  return { subscribe, unsubscribe, publish, leave, leaveForbidden }
}

export type Messaging = ReturnType<typeof createMessaging>

function acknowledge(member: Member, id: string | undefined): void {
  if (id !== undefined) reply(member, { type: 'ack', id })
}

function reply(member: Member, message: ServerMessage): void {
  member.send(serialise(message))
}

function serialise(message: ServerMessage): string {
  return JSON.stringify(message)
}

function withId(id: string | undefined): { id?: string } {
  return id === undefined ? {} : { id }
}
