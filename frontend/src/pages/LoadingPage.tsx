// Between opening the page and knowing who it is. An outage stays here: it must not look like a sign-out.

import type { SessionFault } from '@sallyport/client'
import { GateMark } from '../art/GateMark.tsx'
import { faultSentence } from '../session/session-words.ts'

type LoadingPageProps = { readonly fault: SessionFault | undefined; readonly onRetry: () => void }

/** Waits, and says so when the server cannot be asked. */
export function LoadingPage({ fault, onRetry }: LoadingPageProps) {
  return (
    <main className="loading-page" data-testid="loading-page" aria-busy={!fault}>
      <GateMark className="loading-mark" />
      <div role="status" className="loading-words">
        {fault ? (
          <>
            <h1>We cannot check your session</h1>
            <p>{faultSentence(fault)} You are still signed in.</p>
          </>
        ) : (
          <p>Opening the gate…</p>
        )}
      </div>
      {fault && (
        <button type="button" className="button" onClick={onRetry} data-testid="retry-button">
          Try again
        </button>
      )}
    </main>
  )
}
