// The token a browser offers beside `sallyport.v1` as `bearer.<token>`. Does not look into the token.

import { err, ok, type Result } from '@sallyport/contracts/result'
import type { OfferedProtocols } from '@sallyport/contracts/subprotocol'

/** More than one token was offered. */
export type SubprotocolFault = 'several-tokens-offered'

/** Reads the offered token; `undefined` when none was. */
export function readOfferedToken(
  offered: Pick<OfferedProtocols, 'bearerTokens'>,
): Result<string | undefined, SubprotocolFault> {
  if (offered.bearerTokens.length > 1) return err('several-tokens-offered')
  return ok(offered.bearerTokens[0])
}
