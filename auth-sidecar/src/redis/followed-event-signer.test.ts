import type { AssertionKey } from '@sallyport/contracts/identity-assertion'
import { expect, it } from 'vitest'
import { createFollowedEventSigner, type EventSecretsOf } from './followed-event-signer.ts'

const key = (keyId: string): AssertionKey => ({
  keyId,
  secret: new Uint8Array(32).fill(keyId.length),
})
const secretsOf: EventSecretsOf = ([newest, ...others]) => [
  newest?.secret ?? new Uint8Array(),
  ...others.map(({ secret }) => secret),
]
const position = { epoch: 'epoch', sequence: 1 }

it('RX.14 W96 sidecars at different stages of a rotation believe each other, and not a key that is gone', () => {
  const [old, added] = [key('old'), key('newer')]
  let here: readonly AssertionKey[] = [old]
  let there: readonly AssertionKey[] = [old]
  const signers = [() => here, () => there].map((ring) =>
    createFollowedEventSigner(ring, secretsOf),
  )
  const [ours, theirs] = signers
  const isBelieved = () => {
    const line = ours?.sign(position, { type: 'check-all' }) ?? ''
    return theirs?.open(line)?.event.type === 'check-all'
  }
  expect(isBelieved()).toBe(true)
  there = [old, added]
  expect(isBelieved()).toBe(true)
  here = [added, old]
  expect(isBelieved()).toBe(true)
  there = [added, old]
  here = [added]
  expect(isBelieved()).toBe(true)
  there = [old]
  expect(isBelieved()).toBe(false)
})
