// One sentence on the login page: why the visitor is here again.

import type { SignOutReason } from '@sallyport/client'
import { signOutSentence } from './session-words.ts'

/** Says why nobody is signed in any more; nothing on a first visit. */
export function SessionNotice({ reason }: { readonly reason: SignOutReason | undefined }) {
  return (
    <div role="status" className="session-notice-place">
      {reason !== undefined && (
        <p className="session-notice" data-reason={reason} data-testid="session-notice">
          {signOutSentence(reason)}
        </p>
      )}
    </div>
  )
}
