// The authority feed for one backend after another: a long answer, one JSON line an event. Says nothing while no store
// is followed, so that a backend cannot take silence about its store for news of none. What happens is the feed's.

import { constants, type ServerHttp2Stream } from 'node:http2'
import { type FeedLine, feedAliveIntervalMs } from '@sallyport/contracts/authority-event'
import { nodeNameForm } from '@sallyport/contracts/authority-questions'
import type { Log } from '@sallyport/service-kit/log'
import type { AuthorityFeed, FeedReader } from '../authority/authority-feed.ts'
import type { FeedPosition } from '../authority/authority-store.ts'
import type { Metrics } from '../metrics.ts'
import type { FeedHolders } from './feed-holders.ts'

export type FeedServerDeps = {
  readonly feed: Pick<AuthorityFeed, 'attach' | 'position'>
  readonly policy: { readonly current: () => { readonly digest: string } }
  readonly holders: Pick<FeedHolders, 'hold'>
  readonly log: Log
  readonly metrics: Pick<Metrics, 'feedReaders' | 'feedReadersCut'>
}

/** A reader that lets this much more pile up is cut; it comes back and catches up. */
const maxUnreadBytes = 1024 * 1024
/** More than any number of backends that one sidecar serves. */
export const maxReaders = 256
/** Of one node: the one it reads, and what is left of those it lost without our having noticed. */
export const maxReadersPerNode = 4

/** `lost`: no store is followed any more; `replaced`: too many of one node; `slow`: does not read. */
type Cut = 'lost' | 'replaced' | 'slow'

type FeedQuery = { readonly node: string; readonly from: FeedPosition | undefined }

/** Answers a stream that asked for the feed, until one side ends it. */
export type ServeFeed = (stream: ServerHttp2Stream, query: URLSearchParams) => void

/** Builds it for one listener; its readers are bounded together and by node. */
export function createFeedServer(deps: FeedServerDeps): ServeFeed {
  // In the order they came; each with the way to cut it.
  const open = new Map<FeedReader, (why: Cut) => void>()

  function makeRoom(node: string): boolean {
    const ofNode = [...open].filter(([reader]) => reader.node === node)
    const [oldest] = ofNode
    if (oldest && ofNode.length >= maxReadersPerNode) oldest[1]('replaced')
    return open.size < maxReaders
  }

  return (stream, query) => {
    const asked = parseFeedQuery(query)
    if (!asked) return stream.respond({ ':status': 400 }, { endStream: true })
    const isFollowing = deps.feed.position() !== undefined
    if (!isFollowing || !makeRoom(asked.node)) {
      return stream.respond({ ':status': 503 }, { endStream: true })
    }
    stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' })
    openReader(stream, asked, { ...deps, open })
  }
}

type OpenDeps = FeedServerDeps & { readonly open: Map<FeedReader, (why: Cut) => void> }

function openReader(stream: ServerHttp2Stream, { node, from }: FeedQuery, deps: OpenDeps): void {
  const { feed, policy, open, holders, log, metrics } = deps
  const { session } = stream
  let release: (() => void) | undefined
  let detach: (() => void) | undefined
  // What it missed is as much as the feed keeps, and comes all at once: cut for that it would come again and again.
  let maxUnread = Number.POSITIVE_INFINITY
  const write = (line: FeedLine) => {
    if (!open.has(reader)) return
    if (stream.writableLength > maxUnread) leave('slow')
    else stream.write(`${JSON.stringify(line)}\n`)
  }
  const reader: FeedReader = {
    node,
    read(line) {
      write(line)
      const isBeginning = line.type === 'position' || line.type === 'resync'
      if (isBeginning) write({ type: 'policy', digest: policy.current().digest })
    },
    lost: () => leave('lost'),
  }
  const alive = setInterval(() => {
    const at = feed.position()
    if (at) write({ type: 'alive', sequence: at.sequence })
  }, feedAliveIntervalMs)

  function leave(why?: Cut): void {
    if (!open.delete(reader)) return
    clearInterval(alive)
    detach?.()
    release?.()
    metrics.feedReaders.set(open.size)
    log.info({ node, readers: open.size, cut: why }, 'a backend left the authority feed')
    if (why === undefined) return
    metrics.feedReadersCut.inc({ reason: why })
    // At once: without a code the end would wait behind what was not read.
    stream.close(constants.NGHTTP2_CANCEL)
  }

  open.set(reader, leave)
  if (session) release = holders.hold(session, node)
  stream.once('close', () => leave())
  detach = feed.attach(from, reader)
  if (detach === undefined) return leave('lost')
  maxUnread = stream.writableLength + maxUnreadBytes
  metrics.feedReaders.set(open.size)
  log.info({ node, readers: open.size }, 'a backend listens to the authority feed')
}

/** Who reads, and from where on; undefined for a question of another form. */
function parseFeedQuery(query: URLSearchParams): FeedQuery | undefined {
  const [node, epoch, after] = [query.get('node'), query.get('epoch'), query.get('after')]
  if (node === null || !nodeNameForm.test(node)) return undefined
  if (epoch === null && after === null) return { node, from: undefined }
  const isPosition = epoch && epoch.length <= 64 && after !== null && /^\d{1,15}$/.test(after)
  return isPosition ? { node, from: { epoch, sequence: Number(after) } } : undefined
}
