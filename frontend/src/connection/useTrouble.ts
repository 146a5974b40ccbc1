// What to tell people about the connection: an error stays told until the connection is good again, and a page
// that does not even try says so. Must not act on the connection.

import { getUserFriendlyMessage } from '@sallyport/client'
import { useGateway } from '@sallyport/client/react'
import { useEffect, useState } from 'react'
import { notConnectedSentence } from './connection-words.ts'

/** Every page is idle for a moment when it opens. */
const idleGraceMs = 3000

export type Trouble = { readonly sentence: string; readonly isTrying: boolean }

/** One sentence about what is wrong; undefined while nothing is. */
export function useTrouble(): Trouble | undefined {
  const { error, state } = useGateway()
  const [lastError, setLastError] = useState(error)
  const isTrying =
    state.phase === 'connecting' || (state.phase === 'waiting-for-token' && !state.parked)
  const told = error ?? (isTrying ? lastError : undefined)
  if (told !== lastError) setLastError(told)

  const isStuck = useIsLasting(state.phase === 'idle')
  if (told) return { sentence: getUserFriendlyMessage(told), isTrying }
  return isStuck ? { sentence: notConnectedSentence, isTrying: false } : undefined
}

function useIsLasting(isSo: boolean): boolean {
  const [hasLasted, setHasLasted] = useState(false)
  useEffect(() => {
    if (!isSo) return undefined
    const timer = setTimeout(() => setHasLasted(true), idleGraceMs)
    return () => {
      clearTimeout(timer)
      setHasLasted(false)
    }
  }, [isSo])
  return isSo && hasLasted
}
