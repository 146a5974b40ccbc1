// What people read about the connection, and the tone it is shown in.

import type { ConnectionState } from '@sallyport/client'

type ConnectionTone = 'good' | 'busy' | 'trouble' | 'off'

type ConnectionWords = { readonly label: string; readonly tone: ConnectionTone }

/** One or two words for the badge. */
export function describeConnection(state: ConnectionState): ConnectionWords {
  switch (state.phase) {
    case 'open':
      return { label: 'Connected', tone: 'good' }
    case 'connecting':
      return { label: 'Connecting', tone: 'busy' }
    case 'waiting-for-token':
      return { label: state.parked ? 'Waiting for sign-in' : 'Connecting', tone: 'busy' }
    case 'backing-off':
      return { label: 'Reconnecting', tone: 'trouble' }
    case 'idle':
      return { label: 'Not connected', tone: 'off' }
    case 'ended':
      return { label: 'Disconnected', tone: 'off' }
  }
}

/** What a person reads who is signed in on a page that may not connect. */
export const notConnectedSentence =
  'This page is not connected: the browser no longer says that you are signed in. Please reload the page.'

/** When the next try comes, from the milliseconds until then; undefined or none left means now. */
export function nextTrySentence(leftMs: number | undefined): string {
  const seconds = Math.ceil((leftMs ?? 0) / 1000)
  if (seconds <= 0) return 'Trying now…'
  return seconds === 1 ? 'Next try in one second.' : `Next try in ${seconds} seconds.`
}
