// The sidecar's internal listener as a test drives it: verdicts and feed lines are the test's to say. Test code only.

import { EventEmitter, once } from 'node:events'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import {
  type AuthenticateAnswer,
  type AuthenticateRequest,
  type AuthorityVerdict,
  type CheckRequest,
  internalPaths,
} from '@sallyport/contracts/authority-event'
import type { TlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { createRoleHttp2Server } from '@sallyport/service-kit/role-server'

export type CheckedIdentity = CheckRequest['identities'][number]

/** Both may take their time, or throw to answer 503. */
export type SidecarAnswers = {
  readonly judge?:
    | ((identity: CheckedIdentity) => AuthorityVerdict | Promise<AuthorityVerdict>)
    | undefined
  readonly authenticate?:
    | ((request: AuthenticateRequest) => AuthenticateAnswer | Promise<AuthenticateAnswer>)
    | undefined
}

const refused: AuthenticateAnswer = { outcome: 'refused', close: 'tokenInvalid' }

/** Starts a listener on a free port. */
export async function startFakeSidecar(
  tls: TlsIdentity,
  { judge = () => 'good', authenticate = () => refused }: SidecarAnswers = {},
) {
  const events = new EventEmitter()
  const feeds = new Set<ServerHttp2Stream>()
  const sessions = new Set<ServerHttp2Session>()
  const feedPaths: string[] = []
  const batchSizes: number[] = []
  const authenticated: AuthenticateRequest[] = []
  const server = createRoleHttp2Server({
    identity: tls,
    peerRole: 'ws-backend',
    onRefused: () => {},
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    const path = headers[':path'] ?? ''
    if (path === internalPaths.authenticate) void answer(stream, answerAuthenticate)
    else if (path === internalPaths.check) void answer(stream, answerCheck)
    else {
      stream.respond({ ':status': 200 })
      feeds.add(stream)
      stream.once('close', () => feeds.delete(stream))
      feedPaths.push(path)
      events.emit('feed')
    }
  })

  async function answerCheck(body: unknown): Promise<object> {
    const { identities } = body as CheckRequest
    batchSizes.push(identities.length)
    events.emit('check')
    return { verdicts: await Promise.all(identities.map(judge)) }
  }

  async function answerAuthenticate(body: unknown): Promise<object> {
    const request = body as AuthenticateRequest
    authenticated.push(request)
    events.emit('authenticate')
    return authenticate(request)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Paths of every feed asked for, in order. */
    feedPaths,
    batchSizes,
    /** Every question "whose token?", in order. */
    authenticated,
    async authenticateAsked(count = 1): Promise<void> {
      while (authenticated.length < count) await once(events, 'authenticate')
    },
    /** Resolves when the n-th feed (from 1) was opened. */
    async feedOpened(count = 1): Promise<void> {
      while (feedPaths.length < count) await once(events, 'feed')
    },
    async checked(count = 1): Promise<void> {
      while (batchSizes.length < count) await once(events, 'check')
    },
    say(line: unknown): void {
      for (const feed of feeds) feed.write(`${JSON.stringify(line)}\n`)
    },
    sayRaw(text: string): void {
      for (const feed of feeds) feed.write(text)
    },
    cutFeeds(): void {
      for (const feed of feeds) feed.close()
    },
    async close(): Promise<void> {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      for (const session of sessions) session.destroy()
      await closed
    },
  }
}

async function answer(
  stream: ServerHttp2Stream,
  find: (body: unknown) => Promise<object>,
): Promise<void> {
  try {
    const found = await find(await json(stream))
    if (stream.destroyed) return
    stream.respond({ ':status': 200 })
    stream.end(JSON.stringify(found))
  } catch {
    if (!stream.destroyed) stream.respond({ ':status': 503 }, { endStream: true })
  }
}

export type FakeSidecar = Awaited<ReturnType<typeof startFakeSidecar>>
