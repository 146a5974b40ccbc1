// What an HTTP API of the sidecar does whatever it is about: an application without Express's own ideas, refusals as
// problem documents, and 503 for what throws. Knows no path and no decision.

import { randomUUID } from 'node:crypto'
import type { Denial } from '@sallyport/contracts/denials'
import { problemAnswer } from '@sallyport/contracts/problem-document'
import type { Log } from '@sallyport/service-kit/log'
import express, { type ErrorRequestHandler, type RequestHandler, type Response } from 'express'
import { checkRequestForm } from '../login/request-form.ts'
import { parseStrictJsonBytes } from '../tokens/strict-json.ts'
import { createOutageReport } from './outage-report.ts'

/** An application that answers nothing yet; each request has an id in `response.locals`, and no answer is stored. */
export function createApi() {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', false)
  app.set('case sensitive routing', true)
  app.set('strict routing', true)
  app.use((_request, response, next) => {
    response.locals['requestId'] = randomUUID()
    response.setHeader('cache-control', 'no-store')
    next()
  })
  return app
}

/** Parses a body of at most so many bytes that `requireForm` has let through. */
export function parseJson(maxBytes: number): RequestHandler {
  return express.json({ limit: maxBytes, strict: true, inflate: false })
}

/** More than any body of ours has. */
const jsonBounds = { maxDepth: 8, maxMembers: 64 }

/** The same, and a body is refused that parsers could read in two ways: with a name twice in an object. */
export function parseStrictJson(maxBytes: number): RequestHandler {
  return express.json({
    limit: maxBytes,
    strict: true,
    inflate: false,
    verify(_request, _response, body) {
      if (body.length === 0 || parseStrictJsonBytes(body, jsonBounds) !== undefined) return
      throw Object.assign(new Error('the body is not strict JSON'), {
        type: isJson(body) ? ambiguousBody : notJson,
      })
    },
  })
}

/** What a body's parser calls its faults; the first is body-parser's own. */
const notJson = 'entity.parse.failed'
const ambiguousBody = 'entity.ambiguous'

const bodyDetails: ReadonlyMap<unknown, string> = new Map([
  [notJson, 'The body is not JSON'],
  [ambiguousBody, 'The body has a name twice in one object, or too many of them'],
])

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString())
    return true
  } catch {
    return false
  }
}

/** Refuses repeated security headers, and a body that is not declared as JSON. */
export const requireForm: RequestHandler = ({ rawHeaders, headers }, response, next) => {
  const { 'content-type': contentType, 'content-length': length } = headers
  const hasBody = headers['transfer-encoding'] !== undefined || (length ?? '0') !== '0'
  const checked = checkRequestForm({ rawHeaders, contentType, hasBody })
  if (checked.ok) next()
  else deny(response, checked.error)
}

/** The address is right and the method is not. */
export function refuseMethod(allow: string): RequestHandler {
  return (_request, response) => {
    response.setHeader('allow', allow)
    deny(response, { code: 'method-not-allowed', reason: 'method', detail: `Use ${allow}` })
  }
}

/** There is nothing at this address. */
export const refusePath: RequestHandler = (_request, response) => {
  deny(response, { code: 'not-found', reason: 'path' })
}

/** Answers with a refusal. */
export function deny(response: Response, denial: Denial): void {
  const { status, headers, body } = problemAnswer(denial, response.locals['requestId'] as string)
  // Not `send`: it would add a charset, which RFC 9457 does not define for this media type.
  response.writeHead(status, headers).end(body)
}

/** The last handler: what threw becomes a refusal. */
export function failClosed(log: Log): ErrorRequestHandler {
  const report = createOutageReport(log, 'request failed', 0)
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error)
    const { status, type } = error as { readonly status?: unknown; readonly type?: unknown }
    if (typeof status === 'number' && status >= 400 && status < 500) {
      const detail = bodyDetails.get(type)
      return deny(response, {
        code: 'malformed-request',
        reason: 'body',
        ...(detail !== undefined && { detail }),
      })
    }
    report(error, response.locals['requestId'] as string)
    deny(response, { code: 'unavailable', reason: 'outage', retryAfterSeconds: 2 })
  }
}
