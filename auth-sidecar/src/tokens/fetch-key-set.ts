// One request for a key set (or another small JSON document of an issuer): to exactly the configured address, without
// credentials, redirects or patience. What comes back is from a stranger until it was checked.

import { err, ok, type Result } from '@sallyport/contracts/result'
import { isOnThisMachine } from '@sallyport/contracts/sallyport-file/check-issuers'
import { parseStrictJsonBytes } from './strict-json.ts'

/** `fetch`, or a test's stand-in. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export type FetchFault =
  | 'plain-http'
  | 'unreachable'
  | 'redirect'
  | 'status'
  | 'content-type'
  | 'too-large'
  | 'not-json'

export type FetchJsonOptions = {
  readonly fetch: Fetch
  /** For development only, and there from this machine: keys that came over plain http are anybody's. */
  readonly allowPlainHttp: boolean
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

/** From the first byte sent to the last byte read, unless told otherwise. */
const fetchTimeoutMs = 3_000
/** After decompression. */
export const maxDocumentBytes = 256 * 1024

const jsonType = /^application\/(?:[a-z0-9.-]{1,64}\+)?json *(?:;|$)/i
const jsonBounds = { maxDepth: 8, maxMembers: 4096 }

/** Reads a JSON document. Never rejects: every failure is a fault. */
export async function fetchJson(
  url: string,
  options: FetchJsonOptions,
): Promise<Result<unknown, FetchFault>> {
  const isPlainAllowed = options.allowPlainHttp && url.startsWith('http://') && isOnThisMachine(url)
  if (!url.startsWith('https://') && !isPlainAllowed) return err('plain-http')
  const impatience = new AbortController()
  const timer = setTimeout(() => impatience.abort(), options.timeoutMs ?? fetchTimeoutMs)
  try {
    const response = await options.fetch(url, {
      redirect: 'manual',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
      headers: {
        accept: 'application/json, application/jwk-set+json',
        'accept-encoding': 'identity',
      },
      signal: AbortSignal.any([impatience.signal, ...(options.signal ? [options.signal] : [])]),
    })
    const read = await readJson(response)
    // Whatever is left of the answer is not waited for.
    if (!read.ok) impatience.abort()
    return read
  } catch {
    return err('unreachable')
  } finally {
    clearTimeout(timer)
  }
}

async function readJson(response: Response): Promise<Result<unknown, FetchFault>> {
  if (response.status >= 300 && response.status < 400) return err('redirect')
  if (response.status !== 200) return err('status')
  if (!jsonType.test(response.headers.get('content-type') ?? '')) return err('content-type')
  const bytes = await readBounded(response)
  if (!bytes) return err('too-large')
  const value = parseStrictJsonBytes(bytes, jsonBounds)
  return value === undefined ? err('not-json') : ok(value)
}

/** The body, or undefined as soon as it is too long. Rejects when the connection fails. */
async function readBounded(response: Response): Promise<Uint8Array | undefined> {
  const declared = response.headers.get('content-length')
  if (declared !== null && Number(declared) > maxDocumentBytes) return undefined
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength
    if (length > maxDocumentBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
