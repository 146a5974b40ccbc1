// The admin tokens in force as their file says now. While one is rotated its old secret stands beside the new one under
// the same name, with `expiresAt`, and is good for nothing from that moment on, whether the file is touched or not.

import { readFileSync } from 'node:fs'
import {
  type FollowedRing,
  followRing,
  type RingReport,
} from '@sallyport/service-kit/followed-ring'
import { z } from 'zod'
import { type AdminToken, parseAdminTokens } from './admin-tokens.ts'

type Retiring = { readonly token: AdminToken; readonly expiresAtMs: number }

export type AdminTokenRing = {
  readonly lasting: readonly AdminToken[]
  readonly retiring: readonly Retiring[]
}

const retiringSchema = z.looseObject({ expiresAt: z.iso.datetime() })
const fileSchema = z.looseObject({ tokens: z.array(z.unknown()) })

/** Reads the file's text, `expiresAt` included; throws when it is not of its form. What it throws may quote the file. */
export function parseAdminTokenRing(text: string): AdminTokenRing {
  const file = fileSchema.parse(JSON.parse(text))
  const isRetiring = (token: unknown) => Object.hasOwn(Object(token) as object, 'expiresAt')
  const lasting = file.tokens.filter((token) => !isRetiring(token))
  const parse = (tokens: readonly unknown[]) =>
    parseAdminTokens(JSON.stringify({ ...file, tokens }))
  return {
    lasting: parse(lasting),
    // One by one: it bears the name of the one that takes its place.
    retiring: file.tokens.filter(isRetiring).flatMap((each) => {
      const { expiresAt, ...token } = retiringSchema.parse(each)
      return parse([token]).map((one) => ({ token: one, expiresAtMs: Date.parse(expiresAt) }))
    }),
  }
}

/** Reads the file; throws when it is not of its form, without a word of its content. */
export function loadAdminTokens(path: string): AdminTokenRing {
  try {
    return parseAdminTokenRing(readFileSync(path, 'utf8'))
  } catch {
    throw new Error(`SIDECAR_ADMIN_TOKENS_FILE: ${path} is not of the expected form`)
  }
}

export type FollowAdminTokensOptions = {
  readonly path: string
  readonly report: RingReport
  readonly now: () => number
}

/** Follows the file that `initial` was made of; `current` leaves out what has expired. */
export function followAdminTokens(
  initial: AdminTokenRing,
  { path, report, now }: FollowAdminTokensOptions,
): FollowedRing<readonly AdminToken[]> {
  const { current, close } = followRing({
    ring: 'admin',
    paths: [path],
    initial,
    parse: ([text = '']) => parseAdminTokenRing(text),
    report,
  })
  return { current: () => tokensInForce(current(), now()), close }
}

function tokensInForce({ lasting, retiring }: AdminTokenRing, nowMs: number): AdminToken[] {
  const old = retiring.filter(({ expiresAtMs }) => nowMs < expiresAtMs)
  return [...lasting, ...old.map(({ token }) => token)]
}
