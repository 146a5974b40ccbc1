// An order → one subrequest after the other, each with whether it must be let in. Prepared as far as it can be,
// so that the load costs little itself.

import { randomBytes } from 'node:crypto'
import type { LoadOrder } from './load-protocol.ts'
import { createMint } from './mint.ts'
import { fiftyAddresses, subrequestHeaders } from './upgrade-headers.ts'

/** Headers, pseudo headers included. */
export type Subrequest = {
  readonly headers: Readonly<Record<string, string>>
  readonly isGood: boolean
}

/** Different handshakes that are prepared; more than the headers that HPACK remembers. */
const variants = 1000

/** Returns the next subrequest at each call; `nextAddress` gives one that was never used. */
export function createSubrequests(
  { tokens, origin, addresses }: Pick<LoadOrder, 'tokens' | 'origin' | 'addresses'>,
  nextAddress: () => string,
): () => Subrequest {
  const token = 'same' in tokens ? tokens.same : tokens.template
  const prepared = Array.from({ length: variants }, (_, client) => {
    const address = addresses === 'one' ? '198.51.100.7' : fiftyAddresses(client)
    return subrequestHeaders({ token, origin, key: randomBytes(16), address })
  })
  const mint = 'same' in tokens ? undefined : createMint(tokens)
  let count = 0
  return () => {
    const common = prepared[count % variants] ?? {}
    count += 1
    const minted = mint?.()
    if (!minted && addresses !== 'distinct') return { headers: common, isGood: true }
    return {
      headers: {
        ...common,
        ...(minted && { authorization: `Bearer ${minted.compact}` }),
        ...(addresses === 'distinct' && { 'x-forwarded-for': nextAddress() }),
      },
      isGood: minted?.isGood ?? true,
    }
  }
}

/** Addresses of 10.0.0.0/8, each once. */
export function createAddresses(): () => string {
  let count = 0
  return () => {
    count += 1
    return `10.${(count >> 16) & 255}.${(count >> 8) & 255}.${count & 255}`
  }
}
