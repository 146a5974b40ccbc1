// The state of the connection, always visible: words and a shape first, colour second.

import { useGateway } from '@sallyport/client/react'
import { describeConnection } from './connection-words.ts'

/** Shows the state of the page's socket. */
export function ConnectionBadge() {
  const { state } = useGateway()
  const { label, tone } = describeConnection(state)
  return (
    <p
      className="connection-badge"
      role="status"
      data-testid="connection-state"
      data-state={state.phase}
      data-tone={tone}
    >
      <span className="connection-dot" aria-hidden="true" />
      {label}
    </p>
  )
}
