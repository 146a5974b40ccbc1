// The id that ties the log lines of one handshake together. Set by the sidecar; anything else is replaced.

import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { requestIdHeader } from '@sallyport/contracts/identity-headers'

const form = /^[A-Za-z0-9_-]{8,64}$/
const headerName = requestIdHeader.toLowerCase()

/** The request's id when it has exactly one of our form, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headersDistinct'>): string {
  const values = request.headersDistinct[headerName]
  const [given] = values ?? []
  return values?.length === 1 && given !== undefined && form.test(given) ? given : randomUUID()
}
