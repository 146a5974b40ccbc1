// `POST /auth/refresh`: for pages by the session cookie, for clients without cookies by a refresh token in the body.

import {
  presentsRefreshToken,
  type RefreshTokenDeps,
  renewByRefreshToken,
} from '../refresh-tokens/renew-by-refresh-token.ts'
import type { ApiAnswer, ApiRequest } from './api-request.ts'
import { type RenewDeps, renew } from './renew.ts'

export type RefreshDeps = RenewDeps & RefreshTokenDeps

/** Renews by whichever of the two was presented. Rejects only on an outage. */
export function refresh(request: ApiRequest, deps: RefreshDeps): Promise<ApiAnswer> {
  const isByToken = presentsRefreshToken(request.body)
  return isByToken ? renewByRefreshToken(request, deps) : renew(request, deps)
}
