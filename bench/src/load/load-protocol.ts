// What the bench and its load processes say to each other. Types only.

import type { JsonWebKey } from 'node:crypto'

/** `forged` has a wrong signature, `foreign` names an issuer and a key that nobody knows. */
export type TokenKind = 'valid' | 'forged' | 'foreign'

/** How to make distinct tokens that look like `template`, a compact token that is valid itself. */
export type Mint = {
  readonly template: string
  readonly privateKey: JsonWebKey
  /** One after the other, over and over. */
  readonly kinds: readonly [TokenKind, ...TokenKind[]]
}

/** One token for every request, or another one for each. */
export type Tokens = { readonly same: string } | Mint

/** From fifty addresses in turns, from another one each time (over all orders of a load process), or from one. */
export type Addresses = 'fifty' | 'distinct' | 'one'

/** So many streams, each going on as soon as it is answered; or so many a second, whatever is answered. */
export type Pace =
  | { readonly streams: number; readonly durationMs: number }
  | { readonly streams: number; readonly requests: number }
  | { readonly perSecond: number; readonly durationMs: number }

/** One measured stretch of subrequests against one listener. */
export type LoadOrder = {
  readonly port: number
  /** Folder of the client's certificate. */
  readonly tls: string
  readonly origin: string
  readonly tokens: Tokens
  readonly addresses: Addresses
  readonly pace: Pace
}

/** Upgrades through Traefik, one after the other. */
export type UpgradeOrder = {
  readonly port: number
  readonly token: string
  readonly origin: string
  readonly upgrades: number
}

/** Logins, over and over in so many lanes; a lane that is told to come back later does. */
export type LoginOrder = {
  readonly port: number
  readonly tls: string
  readonly origin: string
  readonly user: { readonly username: string; readonly password: string }
  readonly lanes: number
  readonly durationMs: number
}

/** What came of an order. */
export type LoadResult = {
  readonly answered: number
  /** Answers of another kind than the order must get: a good token refused, a bad one let in. */
  readonly surprises: number
  /** What the first of those was; empty when there was none. */
  readonly surprise: string
  readonly seconds: number
  /** From the sending of a request to its answer's head, in milliseconds. */
  readonly latencyMs: { readonly p50: number; readonly p99: number }
  /** That of the last good answer, so that the floor's can be made as long. */
  readonly assertion: string
}

/** Instead of a result: a connection broke, or the order could not be run; in words. */
export type LoadFault = { readonly fault: string }
