// The page behind the gate: who is signed in, how the connection is, and the room. Owns the page's one socket.

import { GatewayProvider, useAuth } from '@sallyport/client/react'
import { GateMark } from './art/GateMark.tsx'
import { ChatPanel } from './chat/ChatPanel.tsx'
import { ConnectionBadge } from './connection/ConnectionBadge.tsx'
import { ConnectionNotice } from './connection/ConnectionNotice.tsx'
import { mayShowChat } from './may-show-chat.ts'
import { socketUrl } from './socket-url.ts'

/** Everything a signed-in person sees. */
export function MainLayout() {
  const { authLoading, isAuthenticated, token, user, logout } = useAuth()
  return (
    <GatewayProvider url={socketUrl(window.location)}>
      <div className="layout">
        <header className="layout-header">
          <p className="wordmark layout-brand">
            <GateMark className="layout-mark" />
            <span>Sallyport</span>
          </p>
          <ConnectionBadge />
          <div className="layout-person">
            <span className="layout-user" data-testid="current-user" title="Signed in as">
              {user?.username}
            </span>
            <button
              type="button"
              className="button button-quiet"
              data-testid="logout-button"
              onClick={() => void logout()}
            >
              Sign out
            </button>
          </div>
        </header>
        <main className="layout-main">
          <ConnectionNotice />
          {mayShowChat({ authLoading, isAuthenticated, token }) && <ChatPanel />}
        </main>
      </div>
    </GatewayProvider>
  )
}
