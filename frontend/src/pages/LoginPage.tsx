// The landing page: a form; nothing of it talks to the server before it is sent.

import type { SessionFault, SignOutReason } from '@sallyport/client'
import { useAuth } from '@sallyport/client/react'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { GateArt } from '../art/GateArt.tsx'
import { GateMark } from '../art/GateMark.tsx'
import { isLoopbackName } from '../loopback-name.ts'
import { SessionNotice } from '../session/SessionNotice.tsx'
import { faultSentence } from '../session/session-words.ts'

/** Signs a person in; `reason` says why they were signed out before. */
export function LoginPage({ reason }: { readonly reason: SignOutReason | undefined }) {
  return (
    <div className="login-page">
      <div className="login-art" aria-hidden="true">
        <GateArt />
      </div>
      <main className="login-main">
        <div className="login-card">
          <header className="login-header">
            <GateMark className="login-mark" />
            <p className="wordmark">Sallyport</p>
          </header>
          <h1>Sign in</h1>
          <p className="login-lead">The room is behind the gate. Show who you are.</p>
          <SessionNotice reason={reason} />
          <LoginForm />
          {isLoopbackName(window.location.hostname) && <DemoHint />}
        </div>
      </main>
    </div>
  )
}

/** Without it nobody who just started the system could sign in; elsewhere there are no demo accounts to speak of. */
function DemoHint() {
  return (
    <p className="login-hint" data-testid="login-hint">
      The demo passwords are in <code>.sallyport/credentials.json</code>; <code>make up</code>{' '}
      prints them on a terminal.
    </p>
  )
}

function LoginForm() {
  const { login } = useAuth()
  const [fault, setFault] = useState<SessionFault>()
  const [isBusy, setIsBusy] = useState(false)
  const usernameField = useRef<HTMLInputElement>(null)
  const passwordField = useRef<HTMLInputElement>(null)

  useEffect(() => usernameField.current?.focus(), [])

  async function signIn(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const username = usernameField.current?.value.trim() ?? ''
    const password = passwordField.current?.value ?? ''
    if (isBusy) return
    setIsBusy(true)
    setFault(undefined)
    const outcome = await login(username, password)
    // After a success this form is gone.
    if (outcome.ok) return
    setIsBusy(false)
    setFault(outcome.error)
    passwordField.current?.select()
  }

  const isWrong = fault?.kind === 'invalid-credentials'
  return (
    <form
      className="login-form"
      data-testid="login-form"
      onSubmit={(event) => void signIn(event)}
      aria-busy={isBusy}
    >
      <label htmlFor="username">User name</label>
      <input
        id="username"
        ref={usernameField}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        maxLength={256}
        aria-invalid={isWrong}
        aria-describedby="login-error"
        data-testid="login-username"
      />
      <label htmlFor="password">Password</label>
      <input
        id="password"
        ref={passwordField}
        name="password"
        type="password"
        autoComplete="current-password"
        required
        maxLength={1024}
        aria-invalid={isWrong}
        aria-describedby="login-error"
        data-testid="login-password"
      />
      <div id="login-error" role="alert" className="login-error-place">
        {fault && (
          <p className="login-error" data-testid="login-error">
            {faultSentence(fault)}
          </p>
        )}
      </div>
      <button type="submit" className="button" data-testid="login-submit" disabled={isBusy}>
        {isBusy ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  )
}
