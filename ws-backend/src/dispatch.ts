// Message type → feature. Exhaustive: a new client message does not compile until somebody handles it. What is about a
// connection's own authority does not come here: no feature sees a token.

import type { ChannelMessage } from './connection/connection-types.ts'
import type { Member, Messaging } from './messaging/messaging.ts'

/** Builds the one place a live connection's messages go through. */
export function createDispatch({ messaging }: { readonly messaging: Messaging }) {
  return function dispatch(member: Member, message: ChannelMessage): void {
    switch (message.type) {
      case 'subscribe':
        return messaging.subscribe(member, message.channel, message.id)
      case 'unsubscribe':
        return messaging.unsubscribe(member, message.channel, message.id)
      case 'publish':
        return messaging.publish(member, message)
    }
    message satisfies never
  }
}
