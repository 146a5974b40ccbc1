// Closing an HTTP/2 server: `close` alone waits for peers that keep their session open for ever.

import type { Http2SecureServer, ServerHttp2Session } from 'node:http2'
import { closeServer } from './listen.ts'

/** Follows a server's sessions from its start; the result closes server and sessions. */
export function createHttp2Closer(server: Http2SecureServer): () => Promise<void> {
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  return () =>
    closeServer(server, () => {
      for (const session of sessions) session.destroy()
    })
}
