// Two tabs over one cookie jar: what one of them loses, the other one keeps.

import { signedInCookieName } from '@sallyport/contracts/login-answer'
import { describe, expect, it } from 'vitest'
import { settle } from '../testing/fake-surroundings.ts'
import { createSessionApi } from './session-api.ts'
import { createSessionKeeper } from './session-keeper.ts'
import { createSignedInMarker } from './signed-in-marker.ts'
import { createTabTurns } from './tab-turns.ts'
import { createLocalTokenStorage } from './token-storage.ts'

/** Cookies as a browser keeps them: the session's own is not readable. */
function createJar() {
  const cookies = new Map<string, string>()
  return {
    cookies,
    get cookie() {
      const readable = [...cookies].filter(([name]) => name !== 'sessionId')
      return readable.map(([name, value]) => `${name}=${value}`).join('; ')
    },
    set cookie(text: string) {
      const [name = '', value = ''] = (text.split(';')[0] ?? '').split('=')
      if (text.includes('Max-Age=0')) cookies.delete(name)
      else cookies.set(name, value)
    },
  }
}

/** A lock manager for one name: first come, first served. */
function createLocks() {
  let last: Promise<unknown> = Promise.resolve()
  const request = (_name: string, work: () => Promise<unknown>) => {
    const turn = last.then(work)
    last = turn.catch(() => {})
    return turn
  }
  return { request } as unknown as Pick<LockManager, 'request'>
}

/** An `/auth` that ends the earlier session of a browser at once, and answers a moment later, as the real one. */
function createBrowser() {
  const jar = createJar()
  const live = new Map<string, string>()
  const stored = new Map<string, string>()
  const onEnded = new Set<(sessionId: string) => void>()
  let isOut = false
  let made = 0

  const endSession = (sessionId: string | undefined) => {
    if (sessionId === undefined || !live.delete(sessionId)) return
    for (const tell of onEnded) tell(sessionId)
  }
  const answerFor = (sessionId: string, username: string) => {
    made += 1
    const user = { id: username, username }
    const token = `${sessionId}.token-${made}`
    return Response.json({ user, token, expiresAt: '', expiresInMs: 600_000, sessionId })
  }
  const clearCookies = () => jar.cookies.clear()
  const fetchOverJar = async (path: string, body: unknown): Promise<Response> => {
    const cookie = jar.cookies.get('sessionId')
    await Promise.resolve()
    if (isOut) return new Response(null, { status: 503 })
    if (path === '/auth/login') {
      endSession(cookie)
      await settle()
      const sessionId = `session-${(made += 1)}`
      const { username } = JSON.parse(String(body)) as { username: string }
      live.set(sessionId, username)
      jar.cookies.set('sessionId', sessionId).set(signedInCookieName, '1')
      return answerFor(sessionId, username)
    }
    await settle()
    if (path === '/auth/logout') endSession(cookie)
    const username = path === '/auth/session' && cookie ? live.get(cookie) : undefined
    // Late, so that an answer to a dead cookie would reach the jar after a login's.
    if (username === undefined) await settle().then(settle).then(clearCookies)
    if (path === '/auth/logout') return new Response(null, { status: 204 })
    return cookie && username ? answerFor(cookie, username) : new Response(null, { status: 401 })
  }

  const locks = createLocks()
  const openTab = () => {
    const keeper = createSessionKeeper({
      api: createSessionApi({
        fetch: async (input, init) => fetchOverJar(String(input as string), init?.body),
        takeTurns: createTabTurns(locks),
      }),
      storage: createLocalTokenStorage({
        getItem: (key) => stored.get(key) ?? null,
        setItem: (key, value) => void stored.set(key, value),
        removeItem: (key) => void stored.delete(key),
      }),
      marker: createSignedInMarker(jar),
      now: () => 0,
    })
    onEnded.add((sessionId) => {
      const state = keeper.getState()
      const isHeld = state.status === 'authenticated' && state.sessionId === sessionId
      if (isHeld) keeper.end('session-ended')
    })
    keeper.start()
    return keeper
  }
  const goOut = () => {
    isOut = true
  }
  return { jar, stored, openTab, endSession, goOut }
}

async function openTwoTabs() {
  const browser = createBrowser()
  const first = browser.openTab()
  await first.login('alice', 'secret')
  const second = browser.openTab()
  await settleAll()
  expect(second.getState()).toMatchObject({ status: 'authenticated', user: { id: 'alice' } })
  return { browser, first, second }
}

async function settleAll() {
  for (let turn = 0; turn < 20; turn += 1) await settle()
}

describe('two tabs of one browser', () => {
  it('R4.7 a tab whose session a newer login replaced takes the newer one over', async () => {
    const { browser, first, second } = await openTwoTabs()
    await second.login('bob', 'secret')
    await settleAll()
    const bobs = { status: 'authenticated', user: { id: 'bob' } }
    expect(second.getState()).toMatchObject(bobs)
    expect(first.getState()).toMatchObject(bobs)
    expect(first.hasMarker()).toBe(true)
    expect(browser.jar.cookies.has('sessionId')).toBe(true)
    expect(browser.stored.size).toBe(1)
  })

  it('R2.7 a session ended by somebody else is over in both, and nothing of it is left', async () => {
    const { browser, first, second } = await openTwoTabs()
    browser.endSession(browser.jar.cookies.get('sessionId'))
    await settleAll()
    const ended = { status: 'anonymous', reason: 'session-ended' }
    expect(first.getState()).toEqual(ended)
    expect(second.getState()).toEqual(ended)
    expect([...browser.jar.cookies.keys(), ...browser.stored.keys()]).toEqual([])
  })

  it('R2.7 a sign-out in one is a sign-out in both', async () => {
    const { browser, first, second } = await openTwoTabs()
    await first.logout()
    await settleAll()
    expect(first.getState()).toEqual({ status: 'anonymous', reason: 'signed-out' })
    expect(second.getState()).toEqual({ status: 'anonymous', reason: 'session-ended' })
    expect([...browser.jar.cookies.keys(), ...browser.stored.keys()]).toEqual([])
  })

  it('RX.12 an outage while asking leaves what the tabs share alone', async () => {
    const { browser, first } = await openTwoTabs()
    browser.goOut()
    first.end('session-ended')
    expect(first.getState().status).toBe('loading')
    await settleAll()
    expect(first.getState()).toEqual({ status: 'anonymous', reason: 'session-ended' })
    expect(first.hasMarker()).toBe(true)
    expect(browser.stored.size).toBe(1)
  })

  it('R4.7 a tab at the login form takes over the session that another tab signed in to', async () => {
    const { browser, first, second } = await openTwoTabs()
    await first.logout()
    await settleAll()
    await second.login('bob', 'secret')
    expect(first.getState().status).toBe('anonymous')
    await first.takeOver()
    const session = second.getState()
    expect(session).toMatchObject({ status: 'authenticated', user: { id: 'bob' } })
    const { sessionId } = session as Extract<typeof session, { status: 'authenticated' }>
    expect(first.getState()).toMatchObject({ status: 'authenticated', sessionId })
    expect(browser.jar.cookies.get('sessionId')).toBe(sessionId)
  })

  it('a session the page gave up by itself clears no marker', async () => {
    const { first, second } = await openTwoTabs()
    first.end('session-expired')
    expect(first.getState()).toEqual({ status: 'anonymous', reason: 'session-expired' })
    expect(second.hasMarker()).toBe(true)
  })
})

describe('taking turns', () => {
  it('goes at once where the browser has no locks', async () => {
    expect(await createTabTurns(undefined)(async () => 7)).toBe(7)
  })
})
