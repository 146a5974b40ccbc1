// A connection without a socket, as authority sees it: what it was told, in order, and whether it still lives. Test code only.

import type { CloseName } from '@sallyport/contracts/close-codes'
import type { Identity } from '@sallyport/contracts/identity'
import type { Connection } from '../connection/connection-types.ts'
import { testIdentity } from './test-backend.ts'

type Governed = Pick<
  Connection,
  | 'id'
  | 'confirm'
  | 'connectedAt'
  | 'expireIfDue'
  | 'expiresInMs'
  | 'end'
  | 'endByOperator'
  | 'endWithin'
  | 'extendUntil'
  | 'isLive'
  | 'markDead'
  | 'sayGoodbye'
>

export type FakeConnection = Governed & {
  /** A test may change it, as a refresh would. */
  identity: Identity
  readonly said: string[]
  readonly isDead: () => boolean
}

/** Makes one that is being asked about. As with real ones, what comes after its end means nothing. */
export function makeFakeConnection(
  id: string,
  identity: Partial<Identity> = { sessionId: id },
): FakeConnection {
  const said: string[] = []
  let phase: 'checking' | 'live' | 'dead' | 'ending' = 'checking'
  const lives = () => phase === 'checking' || phase === 'live'
  const say = (words: string) => void (lives() && said.push(words))
  const end = (name: string) => {
    if (!lives()) return
    said.push(name)
    phase = 'ending'
  }
  return {
    id,
    identity: testIdentity(identity),
    said,
    connectedAt: new Date(0),
    isLive: () => phase === 'live',
    isDead: () => !lives(),
    confirm() {
      if (phase !== 'checking') return
      said.push('confirm')
      phase = 'live'
    },
    expireIfDue: () => say('expireIfDue'),
    expiresInMs: () => 1000,
    end,
    endByOperator: () => end('endByOperator'),
    endWithin: (marginMs: number, name: CloseName) => say(`${name} within ${marginMs}`),
    extendUntil: (expiresAtMs, token) => say(`until ${expiresAtMs} by ${token.id}`),
    markDead(name: CloseName) {
      if (!lives()) return
      said.push(name)
      phase = 'dead'
    },
    sayGoodbye() {
      if (phase !== 'dead') return
      said.push('goodbye')
      phase = 'ending'
    },
  }
}
