// Who may do what on which channel: one pure function of the identity and the channel's name.

import type { Identity } from '@sallyport/contracts/identity'

type ChannelAction = 'subscribe' | 'publish'

/** Whether an identity may do this on this channel. */
export type ChannelAccess = (identity: Identity, action: ChannelAction, channel: string) => boolean

/**
 * `room:*` is open to every authenticated subject. `user:<id>` is what the server tells one user:
 * only that subject may listen, nobody may publish. Every other kind of channel is closed.
 */
export const mayUseChannel: ChannelAccess = (identity, action, channel) => {
  if (channel.startsWith('room:')) return true
  return action === 'subscribe' && channel === `user:${identity.subject}`
}
