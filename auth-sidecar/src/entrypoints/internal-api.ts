// What backends may ask: the authority feed (a long answer, one JSON line an event) and "are these still good?".
// Raw HTTP/2 over mutual TLS, peer role `ws-backend` only.

import { type Http2SecureServer, type ServerHttp2Stream } from 'node:http2'
import { text } from 'node:stream/consumers'
import {
  type CheckRequest,
  checkRequestSchema,
  type FeedLine,
  feedAliveIntervalMs,
  internalPaths,
} from '@sallyport/contracts/authority-event'
import type { Log } from '@sallyport/service-kit/log'
import type { TlsIdentity } from '@sallyport/service-kit/mutual-tls'
import { createRoleHttp2Server } from '@sallyport/service-kit/role-server'
import type { AuthorityFeed, FeedPosition } from '../authority/authority-feed.ts'
import type { AuthorityStore } from '../authority/authority-store.ts'
import { checkIdentities } from '../authority/check-identities.ts'
import type { Metrics } from '../metrics.ts'

export type InternalApiDeps = {
  readonly feed: AuthorityFeed
  readonly authorities: Pick<AuthorityStore, 'current'>
  readonly log: Log
  readonly metrics: Metrics
}

/** A reader that lets this much pile up is cut; it comes back and catches up. */
const maxUnreadBytes = 1024 * 1024
/** More than any number of backends that one sidecar serves. */
const maxReaders = 256

/** Room for `maxIdentitiesPerCheck` identities of the longest form. */
const maxCheckBytes = 512 * 1024

/** Builds the listener for backends. */
export function createInternalServer(tls: TlsIdentity, deps: InternalApiDeps): Http2SecureServer {
  const onRefused = () => deps.metrics.peersRefused.inc({ listener: 'internal' })
  const server = createRoleHttp2Server({ identity: tls, peerRole: 'ws-backend', onRefused })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {}) // the backend went away; it will come back
    const url = URL.parse(headers[':path'] ?? '', 'https://internal')
    if (!url) return stream.respond({ ':status': 404 }, { endStream: true })
    const route = `${headers[':method']} ${url.pathname}`
    if (route === `GET ${internalPaths.feed}`) return serveFeed(stream, url.searchParams, deps)
    if (route === `POST ${internalPaths.check}`)
      return void serveCheck(stream, deps).catch(() => stream.destroy())
    stream.respond({ ':status': 404 }, { endStream: true })
  })
  return server
}

function serveFeed(stream: ServerHttp2Stream, query: URLSearchParams, deps: InternalApiDeps): void {
  const { feed, metrics } = deps
  if (feed.readers() >= maxReaders) return stream.respond({ ':status': 503 }, { endStream: true })
  stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' })
  const write = (line: FeedLine) => {
    if (stream.writableLength > maxUnreadBytes) stream.close()
    else stream.write(`${JSON.stringify(line)}\n`)
  }
  const detach = feed.attach(positionOf(query), write)
  const alive = setInterval(
    () => write({ type: 'alive', sequence: feed.sequence() }),
    feedAliveIntervalMs,
  )
  metrics.feedReaders.set(feed.readers())
  deps.log.info({ readers: feed.readers() }, 'a backend listens to the authority feed')
  stream.once('close', () => {
    clearInterval(alive)
    detach()
    metrics.feedReaders.set(feed.readers())
    deps.log.info({ readers: feed.readers() }, 'a backend left the authority feed')
  })
}

function positionOf(query: URLSearchParams): FeedPosition | undefined {
  const epoch = query.get('epoch')
  const sequence = Number(query.get('after') ?? Number.NaN)
  return epoch && Number.isSafeInteger(sequence) ? { epoch, sequence } : undefined
}

async function serveCheck(stream: ServerHttp2Stream, deps: InternalApiDeps): Promise<void> {
  const end = (status: number, body = '') => {
    if (stream.closed || stream.destroyed) return
    stream.respond({ ':status': status, 'content-type': 'application/json' })
    stream.end(body)
  }
  try {
    const request = parseCheck(await readBounded(stream))
    if (!request) return end(400)
    const verdicts = await checkIdentities(request, deps.authorities)
    end(200, JSON.stringify({ verdicts }))
  } catch (error) {
    if (stream.closed || stream.destroyed) return // the backend took its question back
    deps.log.error({ err: error }, 'identities could not be checked')
    end(503)
  }
}

function readBounded(stream: ServerHttp2Stream): Promise<string> {
  let received = 0
  stream.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received > maxCheckBytes) stream.destroy(new Error('the question is too long'))
  })
  return text(stream)
}

/** The question; undefined when it is none. */
function parseCheck(body: string): CheckRequest | undefined {
  try {
    return checkRequestSchema.safeParse(JSON.parse(body)).data
  } catch {
    return undefined
  }
}
