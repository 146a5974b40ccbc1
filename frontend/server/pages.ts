// What the page server answers: built files, the one page for every address a person may open, and the body
// that Traefik shows when something behind it is down. Must not know who asks: nothing here is personal.

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { DenialCode } from '@sallyport/contracts/denials'
import { problemAnswer } from '@sallyport/contracts/problem-document'
import sirv from 'sirv'
import { answerUnavailable, type ReportUnavailable, unavailablePath } from './unavailable.ts'

/** Vite puts every file with a content hash in its name under this path. */
const hashedAssetsPath = '/assets/'

const immutable = 'public, max-age=31536000, immutable'

export type PagesOptions = {
  readonly assetsDirectory: string
  /** True: look at the disk on every request, for a build that changes while the server runs. */
  readonly reread: boolean
  readonly onUnavailable: ReportUnavailable
}

/** Builds the request handler over a folder of built pages. */
export function createPagesHandler(options: PagesOptions): RequestListener {
  const serveFile = sirv(options.assetsDirectory, {
    etag: true,
    dev: options.reread,
    setHeaders: (response, pathname) =>
      response.setHeader(
        'cache-control',
        pathname.startsWith(hashedAssetsPath) ? immutable : 'no-cache',
      ),
  })

  return function answer(request, response) {
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    if (path === unavailablePath) return answerUnavailable(request, response, options.onUnavailable)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return answerProblem(response, 'method-not-allowed')
    }
    // sirv throws on a range that ends before it starts, and no page here needs ranges.
    delete request.headers.range
    serveFile(request, response, () => {
      if (!asksForPage(request, path)) return answerProblem(response, 'not-found')
      request.url = '/'
      serveFile(request, response, () => answerProblem(response, 'not-found'))
    })
  }
}

/** A missing script must be a 404, never the page: the browser would run HTML as JavaScript. */
function asksForPage(request: IncomingMessage, path: string): boolean {
  const accepts = request.headers.accept ?? ''
  return !path.startsWith(hashedAssetsPath) && accepts.includes('text/html')
}

function answerProblem(response: ServerResponse, code: DenialCode): void {
  const problem = problemAnswer({ code, reason: code }, randomUUID())
  response.writeHead(problem.status, { ...problem.headers }).end(problem.body)
}
