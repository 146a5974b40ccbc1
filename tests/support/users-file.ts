// People of a test's own: written into the users file of the running system, which follows it.

import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { publicUrl, request } from './http.ts'
import type { Pair } from './pairs.ts'
import { until } from './until.ts'

type UserEntry = Readonly<Record<string, unknown>> & { readonly username: string }

/** Changes the users file in one step. */
export function changeUsers(
  { stateFolder }: Pair,
  change: (users: readonly UserEntry[]) => readonly UserEntry[],
): void {
  const path = join(stateFolder, 'users.json')
  const users = JSON.parse(readFileSync(path, 'utf8')) as readonly UserEntry[]
  writeFileSync(`${path}.new`, JSON.stringify(change(users)), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** Adds somebody with bob's password; resolves with a system in which they can sign in at every pair. */
export async function addUser<T extends Pair>(pairs: readonly T[], username: string): Promise<T[]> {
  const [first] = pairs
  if (!first) return []
  changeUsers(first, (users) => {
    const bob = users.find((user) => user.username === 'bob')
    return [...users, { ...bob, id: username, username }]
  })
  const bob = first.credentials.users.find((user) => user.username === 'bob')
  const added = { username, password: bob?.password ?? '' }
  for (const pair of pairs) {
    await until(`${username} to be able to sign in`, async () => {
      const answer = await request(publicUrl(pair, '/auth/login'), {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: pair.endpoints.public },
        body: JSON.stringify(added),
      })
      return answer.status === 200
    })
  }
  return pairs.map((pair) => ({
    ...pair,
    credentials: { ...pair.credentials, users: [...pair.credentials.users, added] },
  }))
}
