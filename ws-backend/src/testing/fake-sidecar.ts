// The sidecar's internal listener as a test drives it: verdicts and feed lines are the test's to say. Test code only.

import { EventEmitter, once } from 'node:events'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { TlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { createRoleHttp2Server } from '@sallyport/service-kit/role-server'
import { createFakeAnswers, type SidecarAnswers } from './fake-answers.ts'

/** Starts a listener on a free port. */
export async function startFakeSidecar(tls: TlsIdentity, answers: SidecarAnswers = {}) {
  const events = new EventEmitter()
  const feeds = new Set<ServerHttp2Stream>()
  const sessions = new Set<ServerHttp2Session>()
  const feedPaths: string[] = []
  const { byPath, ...asked } = createFakeAnswers(answers)
  let isFollowing = true
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
    const find = byPath.get(path)
    if (find) return void answer(stream, find)
    if (!isFollowing) return stream.respond({ ':status': 503 }, { endStream: true })
    stream.respond({ ':status': 200 })
    feeds.add(stream)
    stream.once('close', () => feeds.delete(stream))
    feedPaths.push(path)
    events.emit('feed')
  })

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    ...asked,
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Paths of every feed asked for, in order. */
    feedPaths,
    /** Resolves when the n-th feed (from 1) was opened. */
    async feedOpened(count = 1): Promise<void> {
      while (feedPaths.length < count) await once(events, 'feed')
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
    /** Without its store a sidecar ends its feeds and answers 503 to whoever asks for one. */
    follow(follows: boolean): void {
      isFollowing = follows
      if (!follows) for (const feed of feeds) feed.close()
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
