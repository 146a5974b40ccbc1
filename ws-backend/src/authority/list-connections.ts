// Which sockets there are, for an operator. Reads and changes nothing.

import {
  type ConnectionsAnswer,
  type ListedConnection,
  maxListedConnections,
} from '@sallyport/contracts/authority-questions'
import type { Connection } from '../connection/connection-types.ts'
import type { ListQuestion } from './feed-position.ts'

type Listed = Pick<Connection, 'id' | 'identity' | 'isLive' | 'connectedAt' | 'expiresInMs'>

/** The live sockets that a question means; those beyond the bound are counted only. */
export function listConnections(
  question: ListQuestion,
  node: string,
  connections: readonly Listed[],
): ConnectionsAnswer {
  const meant = connections.filter((connection) => isMeant(question, connection))
  return {
    questionId: question.questionId,
    node,
    total: meant.length,
    connections: meant.slice(0, maxListedConnections).map(listed),
  }
}

function isMeant(question: ListQuestion, connection: Listed): boolean {
  const { id, identity } = connection
  const { connectionId = id, sessionId = identity.sessionId, subject = identity.subject } = question
  const isNamed =
    id === connectionId && identity.sessionId === sessionId && identity.subject === subject
  return isNamed && connection.isLive()
}

function listed(connection: Listed): ListedConnection {
  const { issuer, subject, username, sessionId, way, route, clientAddress } = connection.identity
  return {
    connectionId: connection.id,
    issuer,
    subject,
    username,
    sessionId,
    way,
    route,
    clientAddress,
    connectedAt: connection.connectedAt.toISOString(),
    expiresInMs: Math.round(connection.expiresInMs()),
  }
}
