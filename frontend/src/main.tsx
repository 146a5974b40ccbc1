// The page's composition root: builds the session keeper from what the browser has, and renders.

import {
  createMemoryTokenStorage,
  createSessionApi,
  createSessionKeeper,
  createSignedInMarker,
  createTabTurns,
} from '@sallyport/client'
import { AuthProvider } from '@sallyport/client/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App.tsx'
import { createReturn } from './return-after-login.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/login.css'
import './styles/layout.css'
import './styles/chat.css'

const keeper = createSessionKeeper({
  api: createSessionApi({
    fetch: (input, init) => fetch(input, init),
    takeTurns: createTabTurns(navigator.locks),
  }),
  storage: createMemoryTokenStorage(),
  marker: createSignedInMarker(document),
  now: Date.now,
})

const returnAfterLogin = createReturn({
  search: location.search,
  // Asked for only when it is needed: a browser that keeps nothing throws at the mere name.
  memory: {
    getItem: (key) => sessionStorage.getItem(key),
    setItem: (key, value) => sessionStorage.setItem(key, value),
  },
  go: (path) => location.replace(path),
  now: Date.now,
})
keeper.subscribe(() => returnAfterLogin(keeper.getState().status))

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no element #root.')
createRoot(root).render(
  <StrictMode>
    <AuthProvider keeper={keeper}>
      <App />
    </AuthProvider>
  </StrictMode>,
)
