// "Which sockets are there?" asked of every backend that reads the feed, and what they answer within a second put
// together. Knows neither who asks nor what becomes of the sockets.

import { randomUUID } from 'node:crypto'
import type { ConnectionsAnswer, ListedConnection } from '@sallyport/contracts/authority-questions'
import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'
import type { AuthorityFeed } from '../authority/authority-feed.ts'

/** Which sockets are meant; all of them when nothing is named. */
export type ConnectionFilter = {
  readonly subject?: string
  readonly sessionId?: string
  readonly connectionId?: string
}

/** A socket and the node that has it. */
export type FoundConnection = ListedConnection & { readonly node: string }

export type CollectedConnections = {
  /** Everybody who was asked, by name. `total` counts what a node has, however many it named. */
  readonly nodes: readonly {
    readonly node: string
    readonly total: number
    readonly answered: boolean
  }[]
  readonly connections: readonly FoundConnection[]
}

export type ConnectionListings = {
  /** Asks every node; refused while no store is followed, and when too many ask at once. */
  readonly ask: (filter: ConnectionFilter) => Promise<Result<CollectedConnections, Denial>>
  /** Takes a node's answer; one that nobody waits for is dropped. */
  readonly receive: (answer: ConnectionsAnswer) => void
}

export type ConnectionListingsDeps = {
  readonly feed: Pick<AuthorityFeed, 'announce' | 'position' | 'readers'>
  /** For tests; who says nothing for so long has not answered. */
  readonly maxWaitMs?: number
}

const defaultMaxWaitMs = 1000

/** Questions at once: each may hold what every node has. */
const maxQuestions = 8

type Question = {
  readonly filter: ConnectionFilter
  /** How many answers of each node are still to come: two processes may call themselves the same. */
  readonly awaited: Map<string, number>
  readonly answers: ConnectionsAnswer[]
  readonly finish: () => void
}

/** Builds it for one feed. */
export function createConnectionListings(deps: ConnectionListingsDeps): ConnectionListings {
  const { feed, maxWaitMs = defaultMaxWaitMs } = deps
  const questions = new Map<string, Question>()

  async function collectAnswers(filter: ConnectionFilter): Promise<readonly ConnectionsAnswer[]> {
    const questionId = randomUUID()
    const finished = Promise.withResolvers<void>()
    const awaited = new Map<string, number>()
    for (const { node } of feed.readers()) awaited.set(node, (awaited.get(node) ?? 0) + 1)
    const answers: ConnectionsAnswer[] = []
    questions.set(questionId, { filter, awaited, answers, finish: finished.resolve })
    const timer = setTimeout(finished.resolve, maxWaitMs)
    feed.announce({ type: 'list-connections', questionId, ...filter })
    if (awaited.size > 0) await finished.promise
    clearTimeout(timer)
    questions.delete(questionId)
    return answers
  }

  return {
    async ask(filter) {
      const isBusy = questions.size >= maxQuestions
      if (isBusy || feed.position() === undefined) {
        const reason = isBusy ? 'too-many-listings' : 'feed-lost'
        return refuse('unavailable', reason, { retryAfterSeconds: 2 })
      }
      const asked = new Set(feed.readers().map(({ node }) => node))
      return ok(collect(asked, await collectAnswers(filter)))
    },
    receive(answer) {
      const question = questions.get(answer.questionId)
      const left = question?.awaited.get(answer.node)
      if (!question || left === undefined) return
      question.answers.push(answer)
      if (left > 1) question.awaited.set(answer.node, left - 1)
      else question.awaited.delete(answer.node)
      // There is one socket of an id: whoever has it has answered for all.
      const isFound = question.filter.connectionId !== undefined && answer.connections.length > 0
      if (isFound || question.awaited.size === 0) question.finish()
    },
  }
}

function collect(
  asked: ReadonlySet<string>,
  answers: readonly ConnectionsAnswer[],
): CollectedConnections {
  const nodes = [...asked].sort().map((node) => {
    const own = answers.filter((answer) => answer.node === node)
    const total = own.reduce((sum, answer) => sum + answer.total, 0)
    return { node, total, answered: own.length > 0 }
  })
  // Of a node that lost a feed without our having noticed both may have been answered: one socket is named once.
  const found = answers.flatMap(({ node, connections }) =>
    connections.map((connection) => ({ node, ...connection })),
  )
  const byId = new Map(found.map((each) => [`${each.node} ${each.connectionId}`, each]))
  const connections = [...byId.values()].sort(byAge)
  return { nodes, connections }
}

function byAge(one: FoundConnection, other: FoundConnection): number {
  if (one.connectedAt === other.connectedAt) return 0
  return one.connectedAt < other.connectedAt ? -1 : 1
}
