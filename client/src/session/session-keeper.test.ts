// The session's life on a page, without React: what is asked, when, and what an answer may change.

import type { LoginAnswer } from '@sallyport/contracts/login-answer'
import { err, ok } from '@sallyport/contracts/result'
import { describe, expect, it, vi } from 'vitest'
import { UnauthorizedError } from '../gateway-client/token-source.ts'
import { settle } from '../testing/fake-surroundings.ts'
import type { SessionApi } from './session-api.ts'
import { createSessionKeeper } from './session-keeper.ts'
import { createMemoryTokenStorage } from './token-storage.ts'

function answerFor(name: string, token = `${name}.token`): LoginAnswer {
  const user = { id: name, username: name }
  return { user, token, expiresAt: '', expiresInMs: 600_000, sessionId: `session-of-${name}` }
}

const unauthorized = async () => err({ kind: 'invalid-credentials' } as const)
const outage = async () => err({ kind: 'unavailable' } as const)
const request = (reason: 'connect' | 'expired') => ({
  reason,
  signal: new AbortController().signal,
})

function setUp(options: { signed?: boolean; stored?: string; api?: Partial<SessionApi> } = {}) {
  const storage = createMemoryTokenStorage()
  if (options.stored !== undefined) storage.write(options.stored)
  let signed = options.signed ?? false
  const marker = {
    isPresent: () => signed,
    clear: () => {
      signed = false
    },
    set: () => {
      signed = true
    },
  }
  const api = {
    login: vi.fn<SessionApi['login']>(async (username) => {
      signed = true
      return ok(answerFor(username))
    }),
    logout: vi.fn<SessionApi['logout']>(async () => ok(undefined)),
    validate: vi.fn<SessionApi['validate']>(async () => ok(answerFor('alice'))),
  }
  if (options.api?.validate) api.validate.mockImplementation(options.api.validate)
  if (options.api?.logout) api.logout.mockImplementation(options.api.logout)
  const keeper = createSessionKeeper({ api, storage, marker, now: () => 1000 })
  const statuses: string[] = []
  keeper.subscribe(() => statuses.push(keeper.getState().status))
  return { keeper, api, storage, marker, statuses }
}

describe('opening a page', () => {
  it('R2.3 R4.7 is anonymous at once and asks nothing without a marker of an earlier login', async () => {
    const { keeper, api, statuses } = setUp()
    expect(keeper.getState()).toEqual({ status: 'anonymous' })
    keeper.start()
    await settle()
    expect(api.validate).not.toHaveBeenCalled()
    expect(statuses).toEqual([])
  })

  it.each([
    { signed: true },
    { stored: 'old.token' },
  ])('R2.3 asks exactly once and changes state exactly once with %j', async (found) => {
    const { keeper, api, statuses } = setUp(found)
    expect(keeper.getState()).toEqual({ status: 'loading' })
    keeper.start()
    keeper.start()
    await settle()
    expect(api.validate).toHaveBeenCalledTimes(1)
    expect(statuses).toEqual(['authenticated'])
    expect(keeper.getState()).toEqual({
      status: 'authenticated',
      user: { id: 'alice', username: 'alice' },
      token: 'alice.token',
      sessionId: 'session-of-alice',
    })
  })

  it('R1.6 takes a stored token for a reason to ask and for nothing else', async () => {
    const { keeper, api, storage } = setUp({ stored: 'old.token', api: { validate: outage } })
    keeper.start()
    await settle()
    expect(keeper.getState()).toEqual({ status: 'loading', fault: { kind: 'unavailable' } })
    await expect(keeper.getToken(request('connect'))).rejects.toThrow()
    expect(api.validate).toHaveBeenCalledWith()
    api.validate.mockImplementation(async () => ok(answerFor('alice')))
    keeper.retry()
    await settle()
    expect(storage.read()).toBe('alice.token')
  })

  it('R2.7 clears what is invalid and shows the login', async () => {
    const { keeper, storage, marker } = setUp({
      signed: true,
      stored: 'old.token',
      api: { validate: unauthorized },
    })
    keeper.start()
    await settle()
    expect(keeper.getState()).toEqual({ status: 'anonymous', reason: 'session-expired' })
    expect(storage.read()).toBeUndefined()
    expect(marker.isPresent()).toBe(false)
  })

  it('RX.12 signs nobody out in an outage, and goes on by retry', async () => {
    const { keeper, api, marker } = setUp({ signed: true, api: { validate: outage } })
    keeper.retry()
    keeper.start()
    await settle()
    expect(keeper.getState()).toEqual({ status: 'loading', fault: { kind: 'unavailable' } })
    expect(marker.isPresent()).toBe(true)
    api.validate.mockImplementation(async () => ok(answerFor('alice')))
    keeper.retry()
    expect(keeper.getState()).toEqual({ status: 'loading' })
    await settle()
    expect(keeper.getState().status).toBe('authenticated')
    expect(api.validate).toHaveBeenCalledTimes(2)
  })
})

describe('signing in', () => {
  it('R2.7 is authenticated with the answer and has its token without asking again', async () => {
    const { keeper, api } = setUp()
    expect(await keeper.login('bob', 'secret')).toEqual({ ok: true, value: undefined })
    expect(keeper.getState()).toMatchObject({ status: 'authenticated', token: 'bob.token' })
    expect(await keeper.getToken(request('connect'))).toBe('bob.token')
    expect(api.validate).not.toHaveBeenCalled()
  })

  it('changes nothing when it is refused', async () => {
    const { keeper, api, statuses } = setUp()
    api.login.mockImplementation(unauthorized)
    expect((await keeper.login('bob', 'wrong')).ok).toBe(false)
    expect(statuses).toEqual([])
  })
})

describe('signing out', () => {
  it('R2.7 R4.7 clears everything at once and then tells the server', async () => {
    const { keeper, api, storage, marker } = setUp()
    await keeper.login('bob', 'secret')
    const told = keeper.logout()
    expect(keeper.getState()).toEqual({ status: 'anonymous', reason: 'signed-out' })
    expect(storage.read()).toBeUndefined()
    expect(marker.isPresent()).toBe(false)
    await told
    expect(api.logout).toHaveBeenCalledTimes(1)
  })

  it('says when the server could not be told', async () => {
    const { keeper } = setUp({ api: { logout: outage } })
    await keeper.login('bob', 'secret')
    await keeper.logout()
    expect(keeper.getState()).toEqual({ status: 'anonymous', reason: 'sign-out-unconfirmed' })
  })

  it('lets the next login wait until the server knows', async () => {
    let tell: () => void = () => {}
    const told = new Promise<void>((resolve) => {
      tell = resolve
    })
    const logout = async () => told.then(() => ok(undefined))
    const { keeper, api } = setUp({ api: { logout } })
    await keeper.login('bob', 'secret')
    void keeper.logout()
    const next = keeper.login('alice', 'secret')
    await settle()
    expect(api.login).toHaveBeenCalledTimes(1)
    tell()
    await next
    expect(keeper.getState()).toMatchObject({ status: 'authenticated', token: 'alice.token' })
  })

  it('lets no answer of an earlier session sign anybody in', async () => {
    let arrive: () => void = () => {}
    const late = new Promise<void>((resolve) => {
      arrive = resolve
    })
    const validate = async () => late.then(() => ok(answerFor('bob', 'late.token')))
    const { keeper } = setUp({ api: { validate } })
    await keeper.login('bob', 'secret')
    const refreshed = keeper.getToken(request('expired'))
    await keeper.logout()
    await keeper.login('alice', 'secret')
    arrive()
    await expect(refreshed).rejects.toThrow()
    expect(keeper.getState()).toMatchObject({ user: { id: 'alice' }, token: 'alice.token' })
    expect(await keeper.getToken(request('connect'))).toBe('alice.token')
  })
})

describe('a session that was ended elsewhere', () => {
  it('R2.7 is not believed again, and is asked about once', async () => {
    const { keeper, api, statuses } = setUp()
    await keeper.login('alice', 'secret')
    keeper.end('session-ended')
    keeper.end('session-ended')
    await settle()
    expect(statuses).toEqual(['authenticated', 'loading', 'anonymous'])
    expect(keeper.getState()).toEqual({ status: 'anonymous', reason: 'session-ended' })
    expect(api.validate).toHaveBeenCalledTimes(1)
  })

  it('signs nobody in whose sign-out came meanwhile', async () => {
    const { keeper } = setUp()
    await keeper.login('bob', 'secret')
    keeper.end('session-ended')
    await keeper.logout()
    await settle()
    expect(keeper.getState()).toEqual({ status: 'anonymous', reason: 'signed-out' })
  })
})

describe('taking over what another tab signed in to', () => {
  async function setUpAnonymous(validate?: SessionApi['validate']) {
    const world = setUp(validate ? { api: { validate } } : {})
    world.keeper.start()
    await settle()
    return world
  }

  it('R2.3 R4.7 asks nothing without the marker, and nothing when somebody is signed in', async () => {
    const { keeper, api } = await setUpAnonymous()
    await keeper.takeOver()
    await keeper.login('alice', 'secret')
    await keeper.takeOver()
    expect(api.validate).not.toHaveBeenCalled()
  })

  it('R2.3 asks once for two signals at a time, changes state once and has a token', async () => {
    const { keeper, api, marker, statuses } = await setUpAnonymous()
    marker.set()
    await Promise.all([keeper.takeOver(), keeper.takeOver()])
    expect(api.validate).toHaveBeenCalledTimes(1)
    expect(statuses).toEqual(['authenticated'])
    expect(await keeper.getToken(request('connect'))).toBe('alice.token')
    expect(api.validate).toHaveBeenCalledTimes(1)
  })

  it('R2.7 clears a marker without a session behind it, and does not ask again', async () => {
    const { keeper, api, marker, statuses } = await setUpAnonymous(unauthorized)
    marker.set()
    await keeper.takeOver()
    await keeper.takeOver()
    expect(api.validate).toHaveBeenCalledTimes(1)
    expect(marker.isPresent()).toBe(false)
    expect(statuses).toEqual([])
  })

  it('RX.12 stays at the login in an outage and asks again the next time', async () => {
    const { keeper, api, marker, statuses } = await setUpAnonymous(outage)
    marker.set()
    await keeper.takeOver()
    expect([...statuses, marker.isPresent()]).toEqual([true])
    await keeper.takeOver()
    expect(api.validate).toHaveBeenCalledTimes(2)
  })

  it('leaves a login that is under way, and one that was faster, alone', async () => {
    const { keeper, api, marker } = await setUpAnonymous()
    const signingIn = keeper.login('bob', 'secret')
    marker.set()
    await keeper.takeOver()
    await signingIn
    expect(api.validate).not.toHaveBeenCalled()
    await keeper.logout()
    marker.set()
    const taking = keeper.takeOver()
    await keeper.login('bob', 'secret')
    await taking
    expect(keeper.getState()).toMatchObject({ user: { id: 'bob' } })
  })

  it('signs nobody in again with an answer from before a sign-out', async () => {
    const late = Promise.withResolvers<void>()
    const { keeper, marker } = await setUpAnonymous(async () =>
      late.promise.then(() => ok(answerFor('alice'))),
    )
    marker.set()
    const taking = keeper.takeOver()
    await settle()
    await keeper.logout()
    late.resolve()
    await taking
    expect(keeper.getState().status).toBe('anonymous')
  })
})

describe('tokens', () => {
  it('R4.7 brings the fresh token into the state and keeps the session', async () => {
    const { keeper, api } = setUp({ signed: true })
    keeper.start()
    await settle()
    api.validate.mockImplementation(async () => ok(answerFor('alice', 'second.token')))
    expect(await keeper.getToken(request('expired'))).toBe('second.token')
    expect(keeper.getState()).toMatchObject({
      token: 'second.token',
      sessionId: 'session-of-alice',
    })
  })

  it('R2.7 ends the session when the server knows of none', async () => {
    const { keeper } = setUp({ api: { validate: unauthorized } })
    await keeper.login('bob', 'secret')
    await expect(keeper.getToken(request('expired'))).rejects.toBeInstanceOf(UnauthorizedError)
    expect(keeper.getState()).toEqual({ status: 'anonymous', reason: 'session-expired' })
  })

  it('RX.12 keeps the session in an outage', async () => {
    const { keeper } = setUp({ api: { validate: outage } })
    await keeper.login('bob', 'secret')
    await expect(keeper.getToken(request('expired'))).rejects.not.toBeInstanceOf(UnauthorizedError)
    expect(keeper.getState().status).toBe('authenticated')
  })
})
