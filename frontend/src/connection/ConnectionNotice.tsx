// What is wrong with the connection and what a person can do about it; nothing while all is well.

import { useGateway } from '@sallyport/client/react'
import { nextTrySentence } from './connection-words.ts'
import { useTimeLeft } from './useTimeLeft.ts'
import { useTrouble } from './useTrouble.ts'

/** A sentence, the time to the next try and a button while the socket is not what it should be. */
export function ConnectionNotice() {
  const { error, connect, state } = useGateway()
  const trouble = useTrouble()
  const wait = state.phase === 'backing-off' ? state : undefined
  const leftMs = useTimeLeft(wait)
  const canTry = wait !== undefined || (state.phase === 'ended' && error?.type !== 'auth')
  return (
    <div role="status" className="connection-notice-place">
      {trouble && (
        <div className="connection-notice" data-testid="connection-error">
          <p>
            {trouble.sentence}
            {(wait || trouble.isTrying) && (
              // Hidden from screen readers, which would read out every second.
              <span aria-hidden="true"> {nextTrySentence(leftMs)}</span>
            )}
          </p>
          {canTry && (
            <button type="button" className="button button-quiet" onClick={connect}>
              {state.phase === 'ended' ? 'Connect again' : 'Try now'}
            </button>
          )}
        </div>
      )}
    </div>
  )
}
