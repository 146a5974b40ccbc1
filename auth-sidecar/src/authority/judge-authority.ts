// From what a credential carries and what the store knows to a verdict. Pure; the only place that compares the two.

import { type Generation, isSameGeneration, type TokenFacts } from '@sallyport/contracts/identity'
import type { AuthorityState } from './authority-store.ts'

/** What a credential, or a live socket, carries. */
export type CarriedAuthority = {
  readonly generation: Generation
  readonly token?: TokenFacts | undefined
  /** It ends with the session's cookie. */
  readonly restsOnCookie: boolean
}

/** `revoked`: somebody ended it. `void`: its token or its epoch is gone, a new token may be good. */
export type AuthorityJudgement = 'good' | 'revoked' | 'void'

/** Judges a credential that is presented: a margin is for live sockets only. */
export function judgePresented(
  carried: CarriedAuthority,
  state: AuthorityState,
): AuthorityJudgement {
  const { generation, token, restsOnCookie } = carried
  if (generation.epoch !== state.generation.epoch) return 'void'
  if (!isSameGeneration(generation, state.generation)) return 'revoked'
  if (restsOnCookie && state.isCookieEnded) return 'revoked'
  if (token === undefined) return 'good'
  const isTooOld = token.issuedAtMs <= state.issuedBeforeMs
  return state.isTokenRevoked || isTooOld ? 'void' : 'good'
}

/** Judges what a live socket carries. Within a margin it is good, unless its epoch is gone. */
export function judgeLive(
  carried: CarriedAuthority,
  state: AuthorityState,
  nowMs: number,
): AuthorityJudgement {
  const judgement = judgePresented(carried, state)
  const isSameEpoch = carried.generation.epoch === state.generation.epoch
  return judgement !== 'good' && isSameEpoch && nowMs < state.graceUntilMs ? 'good' : judgement
}
