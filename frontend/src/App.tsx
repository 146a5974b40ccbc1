// Which page is shown: a function of the session and of nothing else.

import { useAuth } from '@sallyport/client/react'
import { MainLayout } from './MainLayout.tsx'
import { LoadingPage } from './pages/LoadingPage.tsx'
import { LoginPage } from './pages/LoginPage.tsx'

/** The whole page. */
export function App() {
  const { session, retry } = useAuth()
  switch (session.status) {
    case 'loading':
      return <LoadingPage fault={session.fault} onRetry={retry} />
    case 'anonymous':
      return <LoginPage reason={session.reason} />
    case 'authenticated':
      // Another session is another page: nothing of one may be left for the next.
      return <MainLayout key={session.sessionId} />
  }
}
