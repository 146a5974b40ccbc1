// HTTP/2 over mutual TLS to the sidecar's internal listener. Plumbing only: knows no line, no verdict, no retry.
// The feed has a session of its own, so that neither a stuck feed nor a stuck question takes the other with it. Only how
// far it was applied is told on it: the sidecar takes that from nobody but whoever reads the node's feed.

import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { internalPaths } from '@sallyport/contracts/authority-questions'
import { clientTlsOptions, type TlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { AuthorityOutage, type AuthorityOutageCode } from './authority-outage.ts'

export type FeedHandlers = {
  readonly onText: (chunk: string) => void
  /** Called once, however the feed ended. */
  readonly onClosed: () => void
}

export type AuthorityTransport = {
  readonly openFeed: (path: string, handlers: FeedHandlers) => { readonly close: () => void }
  /** Resolves with the body of a 200; everything else throws an AuthorityOutage. */
  readonly post: (path: string, body: string, deadlineMs: number) => Promise<string>
  readonly close: () => Promise<void>
}

const maxAnswerChars = 262_144

/** Prepares the transport; connections are made when they are needed. */
export function createHttp2Transport(url: string, identity: TlsIdentity): AuthorityTransport {
  const sessions = new Set<ClientHttp2Session>()
  let asking: ClientHttp2Session | undefined
  let feeding: ClientHttp2Session | undefined

  function open(): ClientHttp2Session {
    const session = connect(url, clientTlsOptions(identity, 'auth-sidecar'))
    session.on('error', ignore) // 'close' follows, and every stream on it fails
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    return session
  }

  /** The session for questions; a new one when the last is gone or did not answer in time. */
  function sessionForQuestions(): ClientHttp2Session {
    if (!asking || asking.closed || asking.destroyed) asking = open()
    return asking
  }

  /**
   * Nothing new is asked on it, and it is cut once everything asked before has had its time. Not closed in good
   * order: that waits for a word of the peer, and a peer that froze never says it.
   */
  function abandon(session: ClientHttp2Session, deadlineMs: number): void {
    if (asking !== session) return
    asking = undefined
    const cut = setTimeout(() => session.destroy(), deadlineMs).unref()
    session.once('close', () => clearTimeout(cut))
  }

  return {
    openFeed(path, handlers) {
      feeding = open()
      return openFeed(feeding, path, handlers)
    },
    async post(path, body, deadlineMs) {
      const isReport = path === internalPaths.applied
      const session = isReport && feeding ? feeding : sessionForQuestions()
      try {
        const stream = session.request({ ':method': 'POST', ':path': path })
        return await exchange(stream, body, deadlineMs)
      } catch (error) {
        if (error instanceof AuthorityOutage && error.code === 'bad-answer') throw error
        abandon(session, deadlineMs)
        if (error instanceof AuthorityOutage) throw error
        throw new AuthorityOutage('unreachable', { cause: error })
      }
    },
    async close() {
      await Promise.all([...sessions].map(destroy))
    },
  }
}

function openFeed(session: ClientHttp2Session, path: string, handlers: FeedHandlers) {
  session.once('close', handlers.onClosed)
  const stream = session.request({ ':method': 'GET', ':path': path })
  stream.setEncoding('utf8')
  stream.on('error', ignore) // 'close' follows
  stream.once('response', (headers) => {
    if (headers[':status'] !== 200) session.destroy()
  })
  stream.on('data', handlers.onText)
  stream.once('close', () => session.destroy())
  return { close: () => session.destroy() }
}

/** Sends a body and reads the answer, both within the deadline. */
function exchange(stream: ClientHttp2Stream, body: string, deadlineMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let status: number | undefined
    let answer = ''
    const fail = (code: AuthorityOutageCode, cause?: unknown) => {
      clearTimeout(timer)
      stream.close(constants.NGHTTP2_CANCEL)
      reject(new AuthorityOutage(code, { cause }))
    }
    const timer = setTimeout(() => fail('timeout'), deadlineMs)
    stream.setEncoding('utf8')
    stream.on('error', (error) => fail('unreachable', error))
    stream.once('response', (headers) => {
      status = headers[':status']
    })
    stream.on('data', (chunk: string) => {
      answer += chunk
      if (answer.length > maxAnswerChars) fail('bad-answer')
    })
    stream.once('end', () => {
      if (status !== 200) return fail('bad-answer')
      clearTimeout(timer)
      resolve(answer)
    })
    // A stream can close without an end or an error, for example by a reset without a fault.
    stream.once('close', () => fail('unreachable'))
    stream.end(body)
  })
}

function destroy(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve) => {
    if (session.destroyed) return resolve()
    session.once('close', resolve)
    session.destroy()
  })
}

function ignore(): void {}
