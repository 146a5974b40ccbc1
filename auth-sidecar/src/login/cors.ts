// CORS of the HTTP API: which pages of other origins may read its answers. Labels only; what is let in is judged in
// `same-origin.ts`, because CORS keeps nobody from sending. Exact origins, never `*`, never a reflected stranger.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'

type HeaderRecord = Readonly<Record<string, string>>

/** The parts of a request that CORS is about. */
export type CorsRequest = {
  readonly method: string
  readonly origin: string | undefined
  /** `Access-Control-Request-Method`: makes an OPTIONS a preflight (Fetch 3.3.2). */
  readonly requestedMethod: string | undefined
}

const preflightLifeSeconds = 600

/** Goes on every answer, or a cache would hand one origin's answer to another. */
const vary = 'Origin'

const preflightHeaders: HeaderRecord = {
  'access-control-allow-methods': 'GET, POST, DELETE',
  'access-control-allow-headers': 'Authorization, Content-Type',
  'access-control-max-age': `${preflightLifeSeconds}`,
  vary: `${vary}, Access-Control-Request-Method, Access-Control-Request-Headers`,
}

/** The labels of an answer, refusals included: a page that may ask may also read why not. */
export function corsHeaders(
  origin: string | undefined,
  allowedOrigins: ReadonlySet<string>,
): HeaderRecord {
  if (origin === undefined || !allowedOrigins.has(origin)) return { vary }
  return {
    vary,
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'Retry-After',
  }
}

/** What a preflight is told beside the labels; undefined when the request is none. */
export function answerPreflight(
  { method, origin, requestedMethod }: CorsRequest,
  allowedOrigins: ReadonlySet<string>,
): Result<HeaderRecord, Denial> | undefined {
  if (method !== 'OPTIONS' || origin === undefined || requestedMethod === undefined)
    return undefined
  if (!allowedOrigins.has(origin)) return refuse('origin-not-allowed', 'preflight-not-listed')
  return ok(preflightHeaders)
}
