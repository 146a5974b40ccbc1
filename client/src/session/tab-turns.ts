// One question to `/auth` at a time in the whole browser. A login in one tab ends the session of the others before
// its cookie is set; a question they asked meanwhile would carry the dead cookie, and its answer delete the new one.

/** Runs a piece of work when it is its turn. */
export type TakeTurns = <T>(work: () => Promise<T>) => Promise<T>

const lockName = 'sallyport-auth'

/** Takes turns with all tabs of the origin; where a browser has no locks (plain http), nobody waits. */
export function createTabTurns(locks: Pick<LockManager, 'request'> | undefined): TakeTurns {
  return async (work) => (locks ? await locks.request(lockName, work) : await work())
}
