// routes.yml of the repository: the checked-in sallyport.yml on the usual development addresses. A test holds the file
// to this; `make routes` writes it.

import type { Result } from '@sallyport/contracts/result'
import { ok } from '@sallyport/contracts/result'
import { parsePolicyText } from '../policy-file.ts'
import { renderRoutes } from './render-routes.ts'

/** Renders the text; the error names the faults of `sallyportFile`. */
export function checkedInRoutes(sallyportFile: string): Result<string, readonly string[]> {
  const settings = {
    SALLYPORT_MODE: 'development',
    SIDECAR_ALLOW_MISSING_ORIGIN: 'true',
    SIDECAR_ALLOWED_ORIGINS: 'http://localhost:8080,http://127.0.0.1:8080,http://[::1]:8080',
  }
  const policy = parsePolicyText('/', settings, sallyportFile)
  if (!policy.ok) return policy
  return ok(renderRoutes(policy.value, { entryPoints: ['web', 'web6'], proxyDepth: 0 }))
}
