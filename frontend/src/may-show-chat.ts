// R2.1, word for word. The socket has its own guard; this one keeps the panel off the page.

type ChatGate = {
  readonly authLoading: boolean
  readonly isAuthenticated: boolean
  readonly token: string | null
}

/** True when the chat panel may be on the page. */
export function mayShowChat({ authLoading, isAuthenticated, token }: ChatGate): boolean {
  return Boolean(
    !authLoading &&
      isAuthenticated &&
      token &&
      token.trim() !== '' &&
      token !== 'token_placeholder',
  )
}
