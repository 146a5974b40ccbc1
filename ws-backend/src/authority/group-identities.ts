// Many sockets, fewer questions: whoever rests on the very same is asked about once. Pure.

import type { Identity } from '@sallyport/contracts/identity'
import { askedIdentity } from './asked-identity.ts'

/** A socket with the identity it had when it was asked about: a refresh may change it meanwhile. */
type Asked<T> = { readonly connection: T; readonly identity: Identity }

/** One question, and everybody its answer is about. */
export type Group<T> = { readonly identity: Identity; readonly members: readonly Asked<T>[] }

/** Groups sockets whose questions would read the same, in the order in which they come. */
export function groupIdentities<T extends { readonly identity: Identity }>(
  connections: readonly T[],
): Group<T>[] {
  const groups = new Map<string, { identity: Identity; members: Asked<T>[] }>()
  for (const connection of connections) {
    const { identity } = connection
    // One alone is not compared with anybody: most sessions have one socket.
    const text = connections.length === 1 ? '' : JSON.stringify(askedIdentity(identity))
    const group = groups.get(text)
    if (group) group.members.push({ connection, identity })
    else groups.set(text, { identity, members: [{ connection, identity }] })
  }
  return [...groups.values()]
}
