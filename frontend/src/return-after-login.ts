// Back to the page that sent its visitor here to sign in (`/?return=…`), once somebody is signed in. Anybody can write
// such a link: only paths on this host are followed, by the same rule that the gate makes them with.

import { isReturnPath } from '@sallyport/contracts/return-path'

type ReturnDeps = {
  /** The location's query. */
  readonly search: string
  /** Outlives the page, not the tab. */
  readonly memory: Pick<Storage, 'getItem' | 'setItem'>
  readonly go: (path: string) => void
  /** Milliseconds of the wall clock. */
  readonly now: () => number
}

const memoryKey = 'sallyport-returned'

/** A page that sends its visitor back here at once does not take this session: going there again would go on forever. */
const roundTripMs = 10_000

/** The path to go back to; undefined when there is none, or none that may be followed. */
export function returnPathOf(search: string): string | undefined {
  const values = new URLSearchParams(search).getAll('return')
  const [path] = values
  return values.length === 1 && path !== undefined && isReturnPath(path) ? path : undefined
}

/** Makes what is told every state of the session; it leaves the page at most once. */
export function createReturn(deps: ReturnDeps): (status: string) => void {
  const path = returnPathOf(deps.search)
  let isDone = path === undefined
  return (status) => {
    if (isDone || path === undefined || status !== 'authenticated') return
    isDone = true
    const [lastPath, lastAtMs] = (deps.memory.getItem(memoryKey) ?? '').split(' ')
    if (lastPath === path && deps.now() - Number(lastAtMs) < roundTripMs) return
    deps.memory.setItem(memoryKey, `${path} ${deps.now()}`)
    deps.go(path)
  }
}
