// What people read about signing in and out. Plain sentences; no codes.

import type { SessionFault, SignOutReason } from '@sallyport/client'

const signOutSentences: Readonly<Record<SignOutReason, string>> = {
  'signed-out': 'You are signed out.',
  'sign-out-unconfirmed':
    'You are signed out on this page, but the server could not be reached. Other devices may still be signed in.',
  'session-expired': 'Your session is over. Please sign in again.',
  'session-ended': 'This session was ended. Please sign in again.',
}

/** Why nobody is signed in any more. */
export function signOutSentence(reason: SignOutReason): string {
  return signOutSentences[reason]
}

/** Why signing in or restoring a session did not work. */
export function faultSentence(fault: SessionFault): string {
  switch (fault.kind) {
    case 'invalid-credentials':
      return 'That name and password do not belong together.'
    case 'rate-limited':
      return `Too many attempts. Please wait ${waitingTime(fault.retryAfterSeconds)} and try again.`
    case 'unavailable':
      return 'The server is not available just now. Please try again in a moment.'
    case 'unreachable':
      return 'The server cannot be reached. Please check your connection.'
  }
}

function waitingTime(seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds))
  if (whole > 90) return `${Math.ceil(whole / 60)} minutes`
  return whole === 1 ? 'one second' : `${whole} seconds`
}
