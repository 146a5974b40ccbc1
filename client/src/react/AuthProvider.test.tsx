// @vitest-environment happy-dom
// R2.3 in React: one call, one change of state, also in StrictMode.

import { err } from '@sallyport/contracts/result'
import { act, cleanup, render } from '@testing-library/react'
import { StrictMode } from 'react'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createFakeSession } from '../testing/fake-session.ts'
import { AuthProvider, useAuth } from './AuthProvider.tsx'

afterEach(cleanup)

async function renderAuth(session: ReturnType<typeof createFakeSession>) {
  const seen: string[] = []
  function Probe() {
    const { authLoading, isAuthenticated, token, user } = useAuth()
    const line = `${authLoading} ${isAuthenticated} ${token} ${user?.username}`
    if (seen.at(-1) !== line) seen.push(line)
    return null
  }
  await act(async () =>
    render(
      <StrictMode>
        <AuthProvider keeper={session.keeper}>
          <Probe />
        </AuthProvider>
      </StrictMode>,
    ),
  )
  return seen
}

describe('AuthProvider', () => {
  it('R2.3 validates once in StrictMode and changes everything in one step', async () => {
    const session = createFakeSession({ signed: true })
    const seen = await renderAuth(session)
    expect(session.calls).toEqual(['validate'])
    expect(seen).toEqual(['true false null undefined', 'false true alice.token alice'])
  })

  it('R2.3 R4.7 asks nothing and never loads without a marker of an earlier login', async () => {
    const session = createFakeSession({ signed: false })
    const seen = await renderAuth(session)
    expect(session.calls).toEqual([])
    expect(seen).toEqual(['false false null undefined'])
  })

  it('R2.7 ends anonymous when the server knows of no session', async () => {
    const session = createFakeSession({ signed: true })
    session.answerWith(err({ kind: 'invalid-credentials' }))
    expect(await renderAuth(session)).toEqual([
      'true false null undefined',
      'false false null undefined',
    ])
  })

  it('RX.12 goes on loading in an outage', async () => {
    const session = createFakeSession({ signed: true })
    session.answerWith(err({ kind: 'unreachable' }))
    expect(await renderAuth(session)).toEqual(['true false null undefined'])
  })
})

describe('coming back to a page without a session', () => {
  const comeBack = () =>
    act(async () => {
      document.dispatchEvent(new Event('visibilitychange'))
      window.dispatchEvent(new Event('focus'))
    })

  it('R2.3 R4.7 asks nothing without a marker, however often one comes back', async () => {
    const session = createFakeSession({ signed: false })
    const seen = await renderAuth(session)
    await comeBack()
    await comeBack()
    expect(session.calls).toEqual([])
    expect(seen).toHaveLength(1)
  })

  it('R4.7 takes over what another tab signed in to, with one question', async () => {
    const session = createFakeSession({ signed: false })
    const seen = await renderAuth(session)
    session.gainMarker()
    await comeBack()
    expect(session.calls).toEqual(['validate'])
    expect(seen).toEqual(['false false null undefined', 'false true alice.token alice'])
  })

  it('asks nothing while the page is hidden, or when it is gone', async () => {
    const session = createFakeSession({ signed: false })
    await renderAuth(session)
    session.gainMarker()
    const visibility = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    await act(async () => document.dispatchEvent(new Event('visibilitychange')))
    visibility.mockRestore()
    cleanup()
    await comeBack()
    expect(session.calls).toEqual([])
  })
})

it('useAuth says what it needs when it stands alone', () => {
  function Lonely() {
    useAuth()
    return null
  }
  expect(() => render(<Lonely />)).toThrow('AuthProvider')
})
