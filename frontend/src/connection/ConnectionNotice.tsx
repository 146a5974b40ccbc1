// What is wrong with the connection and what a person can do about it; nothing while all is well.

import { getUserFriendlyMessage } from '@sallyport/client'
import { useGateway } from '@sallyport/client/react'

/** A sentence and a button while the socket is not what it should be. */
export function ConnectionNotice() {
  const { error, connect, state } = useGateway()
  const canTry =
    state.phase === 'backing-off' || (state.phase === 'ended' && error?.type !== 'auth')
  return (
    <div role="status" className="connection-notice-place">
      {error && (
        <div className="connection-notice" data-testid="connection-error">
          <p>{getUserFriendlyMessage(error)}</p>
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
