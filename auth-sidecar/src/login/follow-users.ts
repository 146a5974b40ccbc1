// Follows the users file while the sidecar runs: sign-ins go by its present text at once, and whoever was removed,
// disabled or changed loses what was open by the old one. A faulty file changes nothing but the log. At the start
// users are compared with their sessions, which may be older than this process; those of somebody who was removed
// while no sidecar ran cannot be found so: disable first, remove later.

import { watchFile } from '@sallyport/contracts/sallyport-file/watch-file'
import type { Log } from '@sallyport/service-kit/log'
import { type ChangedUser, changedUsers } from './changed-users.ts'
import { type EndChangedUserDeps, endChangedUser, endIfChangedUnseen } from './end-changed-user.ts'
import type { User } from './password-hash.ts'
import { parseUsersFile } from './users-file.ts'

export type FollowUsersDeps = EndChangedUserDeps & {
  /** Undefined where nobody signs in with a password. */
  readonly path: string | undefined
  /** As read at the start. */
  readonly users: readonly User[]
  readonly log: Log
  /** Tells the file's text after each change, undefined when it is gone; tests put something else there. */
  readonly watch?: typeof watchFile
}

export type FollowedUsers = {
  /** Whoever is in the last good file. */
  readonly users: () => readonly User[]
  readonly close: () => Promise<void>
}

/** How long after a failure what is left to end is tried again. */
const retryAfterMs = 1000

/** Begins to follow. */
export function followUsers(deps: FollowUsersDeps): FollowedUsers {
  const { path, log, watch = watchFile } = deps
  let users = deps.users
  const endings = createEndings(deps)
  if (path === undefined) return { users: () => users, close: () => endings.close() }

  function take(text: string | undefined): void {
    const parsed = text === undefined ? undefined : parseUsersFile(text)
    if (!parsed?.ok) {
      const faults = parsed?.error ?? ['cannot be read']
      return log.error(
        { path, faults },
        'the users file is faulty: the last good one stays in force',
      )
    }
    const changed = changedUsers(users, parsed.value)
    // First: nobody may sign in by the old entry after what rests on it has ended.
    users = parsed.value
    if (changed.length === 0) return
    log.info({ users: users.length, changed: changed.length }, 'the users file has changed')
    endings.add(changed, endChangedUser)
  }

  endings.add(changedUsers([], users), endIfChangedUnseen)
  // No first text: whatever came between the reading at the start and now is found at the first look.
  const watcher = watch(path, undefined, take)
  return {
    users: () => users,
    async close() {
      watcher.close()
      await endings.close()
    },
  }
}

type End = (user: ChangedUser, deps: EndChangedUserDeps) => Promise<void>

type Pending = { readonly user: ChangedUser; readonly end: End }

/** Ends one user after the other, and those that could not be ended again and again: no change may get lost. */
function createEndings(deps: FollowUsersDeps) {
  /** One a subject: the latest says how things are. */
  const pending = new Map<string, Pending>()
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  async function run(): Promise<void> {
    const tried = new Set<Pending>()
    let lastError: unknown
    // Asked for the first anew each time: meanwhile others may have come, and the same one again.
    for (let next = first(); next && !tried.has(next.entry) && !isClosed; next = first()) {
      const { subject, entry } = next
      tried.add(entry)
      const isEnded = await entry.end(entry.user, deps).then(
        () => true,
        (error: unknown) => {
          lastError = error
          return false
        },
      )
      if (pending.get(subject) !== entry) continue
      pending.delete(subject)
      // Behind the others: whatever is wrong with one holds up nobody else.
      if (!isEnded) pending.set(subject, entry)
    }
    running = undefined
    if (pending.size === 0 || isClosed) return
    const left = pending.size
    deps.log.error({ err: lastError, left }, 'users that changed could not be ended yet')
    timer = setTimeout(start, retryAfterMs).unref()
  }

  function first() {
    for (const [subject, entry] of pending) return { subject, entry }
    return undefined
  }

  function start(): void {
    clearTimeout(timer)
    if (running === undefined && pending.size > 0 && !isClosed) running = run()
  }

  return {
    /** Puts them before those that wait already, and in the place of what was to be done about the same people. */
    add(users: readonly ChangedUser[], end: End): void {
      const others = [...pending]
      pending.clear()
      for (const user of users) pending.set(user.subject, { user, end })
      for (const [subject, entry] of others) {
        if (!pending.has(subject)) pending.set(subject, entry)
      }
      start()
    },
    async close(): Promise<void> {
      isClosed = true
      clearTimeout(timer)
      await running
    },
  }
}
