// One authority store and the sidecars over it, simulated: records are durable at once, everything that travels takes steps
// of a seed's order. Test code only.

import type { AuthorityEvent, NumberedEvent } from '@sallyport/contracts/authority-event'
import type { AuthorityVerdict, CheckRequest } from '@sallyport/contracts/authority-questions'
import { internalPaths } from '@sallyport/contracts/authority-questions'
import { AuthorityOutage } from '../authority/authority-outage.ts'
import type { AuthorityTransport, FeedHandlers } from '../authority/http2-transport.ts'
import type { SeededSteps, Way } from './seeded-steps.ts'

type Asked = CheckRequest['identities'][number]
type Reader = { readonly handlers: FeedHandlers; readonly way: Way }

const epoch = 'epoch-1'

/** What a test wants to be told, at the moment it happens. */
export type Moments = {
  onAsked?: (() => void) | undefined
  onJudged?: (() => void) | undefined
  onAnswered?: (() => void) | undefined
}

/** Builds the store; generations of subjects count how often each was ended. */
export function createSimulatedStore(steps: SeededSteps) {
  const ended = new Set<string>()
  const generations = new Map<string, number>()
  const events: NumberedEvent[] = []
  const tell = new Set<(event: NumberedEvent) => void>()

  function record(event: AuthorityEvent): void {
    if (event.type === 'session-ended') ended.add(`session ${event.sessionId}`)
    if (event.type === 'token-revoked') ended.add(`token ${event.tokenId}`)
    if (event.type !== 'subject-ended') return
    generations.set(event.subject, (generations.get(event.subject) ?? 0) + 1)
  }

  function judge({ sessionId, subject, token, generation }: Asked): AuthorityVerdict {
    if (token && ended.has(`token ${token.id}`)) return 'void'
    const isCurrent = generation.subject === (generations.get(subject) ?? 0)
    return isCurrent && !ended.has(`session ${sessionId}`) ? 'good' : 'revoked'
  }

  return {
    steps,
    judge,
    events,
    tell,
    /** The durable half, and the event's place, in one. What is lost: its line, or all but the durable half. */
    apply(event: AuthorityEvent, lost?: 'line' | 'event'): void {
      record(event)
      if (lost === 'event') return
      const numbered = { ...event, sequence: events.length + 1 }
      events.push(numbered)
      if (!lost) for (const each of tell) each(numbered)
    },
  }
}

export type SimulatedStore = ReturnType<typeof createSimulatedStore>

/** A sidecar over the store. One that is down neither answers nor feeds; one that is frozen does not even refuse. */
export function createSimulatedSidecar(name: string, store: SimulatedStore, moments: Moments) {
  const { steps, events } = store
  const readers = new Set<Reader>()
  let state: 'up' | 'down' | 'frozen' = 'up'
  let keeps = Number.POSITIVE_INFINITY

  const write = ({ handlers, way }: Reader, line: object) =>
    way.put(() => handlers.onText(`${JSON.stringify(line)}\n`))

  function attach(path: string, reader: Reader): void {
    if (state !== 'up') return reader.handlers.onClosed()
    const query = new URL(path, 'https://sidecar').searchParams
    const after = query.has('after') ? Number(query.get('after')) : events.length
    const missed = events.slice(after)
    const line = { epoch, sequence: missed.length > keeps ? events.length : after }
    write(reader, { type: missed.length > keeps ? 'resync' : 'position', ...line })
    write(reader, { type: 'policy', digest: 'policy-1' })
    if (missed.length <= keeps) for (const event of missed) write(reader, event)
    readers.add(reader)
  }

  function answer(body: string, way: Way, resolve: (text: string) => void): void {
    const { identities } = JSON.parse(body) as CheckRequest
    const text = JSON.stringify({ verdicts: identities.map(store.judge) })
    moments.onJudged?.()
    way.put(() => {
      resolve(text)
      moments.onAnswered?.()
    })
  }

  const transport: AuthorityTransport = {
    openFeed(path, handlers) {
      const reader = { handlers, way: steps.makeWay() }
      reader.way.put(() => attach(path, reader))
      const close = () => {
        readers.delete(reader)
        reader.way.lose()
        reader.way.put(handlers.onClosed)
      }
      return { close }
    },
    post: (path, body, deadlineMs) =>
      new Promise((resolve, reject) => {
        // Nobody's verdict hangs on it.
        if (path === internalPaths.applied) return resolve('{}')
        const way = steps.makeWay()
        setTimeout(() => reject(new AuthorityOutage('timeout')), deadlineMs)
        way.put(() => {
          if (state === 'up') answer(body, way, resolve)
          if (state === 'down') reject(new AuthorityOutage('unreachable'))
        })
        moments.onAsked?.()
      }),
    close: () => Promise.resolve(),
  }

  store.tell.add((event) => {
    if (state === 'up') for (const reader of readers) write(reader, event)
  })

  return {
    name,
    transport,
    say(line: object): void {
      for (const reader of readers) write(reader, line)
    },
    alive(): void {
      const line = { type: 'alive', sequence: events.length }
      if (state === 'up') for (const reader of readers) write(reader, line)
    },
    become(next: 'up' | 'down' | 'frozen'): void {
      state = next
    },
    /** What was on its way is lost, and the reader learns of it in its time. */
    cutFeeds(): void {
      for (const { handlers, way } of readers) {
        way.lose()
        way.put(handlers.onClosed)
      }
      readers.clear()
    },
    /** Remembers only so many events for readers that come back. */
    keep(count: number): void {
      keeps = count
    },
  }
}

export type SimulatedSidecar = ReturnType<typeof createSimulatedSidecar>
