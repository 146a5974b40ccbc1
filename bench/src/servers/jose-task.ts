// What the jose floor is told to demand of a token. Type only.

import type { JsonWebKey } from 'node:crypto'

export type JoseTask = {
  readonly keySet: { readonly keys: readonly JsonWebKey[] }
  readonly issuer: string
  readonly audience: string
  readonly algorithm: 'ES256' | 'EdDSA'
}
