// What people read about being in a room.

import type { ConnectionState } from '@sallyport/client'

/** Where one stands with a room. */
export function roomSentence(isJoined: boolean, phase: ConnectionState['phase']): string {
  if (isJoined) return 'You are in the room'
  const isOffline = phase === 'backing-off' || phase === 'ended' || phase === 'idle'
  return isOffline ? 'Waiting for the connection' : 'Entering the room…'
}
