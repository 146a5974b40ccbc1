// @vitest-environment happy-dom
// The pages as a person meets them, over a fake `fetch` and a fake WebSocket in the place of the browser's.

import {
  createMemoryTokenStorage,
  createSessionApi,
  createSessionKeeper,
  createSignedInMarker,
} from '@sallyport/client'
import { AuthProvider } from '@sallyport/client/react'
import { signedInCookieName } from '@sallyport/contracts/login-answer'
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react'
import { StrictMode } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { App } from './App.tsx'

const answer = {
  user: { id: 'alice', username: 'alice' },
  token: 'a.b.c',
  expiresAt: '2030-01-01T00:00:00.000Z',
  expiresInMs: 600_000,
  sessionId: 's1',
}

class FakeWebSocket extends EventTarget {
  static readonly OPEN = 1
  static opened: FakeWebSocket[] = []
  readonly readyState = 1
  readonly sent: string[] = []
  readonly url: string
  isClosed = false
  constructor(url: string) {
    super()
    this.url = url
    FakeWebSocket.opened.push(this)
  }
  send(text: string) {
    this.sent.push(text)
  }
  close() {
    this.isClosed = true
  }
  say(message: object) {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }))
  }
  end(code: number) {
    this.dispatchEvent(Object.assign(new Event('close'), { code }))
  }
}

const cookieJar = { cookie: '' }
let keepsMarker = true
let respond: (path: string) => Response
const asked: string[] = []

beforeEach(() => {
  FakeWebSocket.opened = []
  vi.stubGlobal('WebSocket', FakeWebSocket)
  asked.length = 0
  cookieJar.cookie = ''
  keepsMarker = true
  respond = () => Response.json(answer)
})
afterEach(() => {
  cleanup()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function openPage() {
  const keeper = createSessionKeeper({
    api: createSessionApi({
      fetch: async (input) => {
        const path = input instanceof Request ? input.url : String(input)
        asked.push(path)
        const response = respond(path)
        const setsMarker = path === '/auth/login' && response.ok && keepsMarker
        if (setsMarker) cookieJar.cookie = `${signedInCookieName}=1`
        return response
      },
    }),
    storage: createMemoryTokenStorage(),
    marker: createSignedInMarker(cookieJar),
    now: Date.now,
  })
  await act(async () =>
    render(
      <StrictMode>
        <AuthProvider keeper={keeper}>
          <App />
        </AuthProvider>
      </StrictMode>,
    ),
  )
}

function fill(testId: string, value: string) {
  fireEvent.change(screen.getByTestId(testId), { target: { value } })
}

async function signIn(password = 'secret') {
  fill('login-username', 'alice')
  fill('login-password', password)
  await act(async () => fireEvent.submit(screen.getByTestId('login-form')))
}

const socket = () => FakeWebSocket.opened.at(-1)

async function enterRoom() {
  const retry = { minMs: 500, maxMs: 30_000 }
  const limits = { maxMessageBytes: 65_536, maxChannels: 50, messagesPerSecond: 20 }
  const welcome = { connectionId: 'c1', heartbeatMs: 25_000, retry, limits }
  await act(async () => socket()?.say({ type: 'welcome', data: welcome }))
}

describe('the page', () => {
  it('R2.7 R4.7 shows the login to a visitor, asks nothing and opens no socket', async () => {
    await openPage()
    expect(screen.getByTestId('login-form')).toBeTruthy()
    expect(screen.queryByTestId('chat-panel')).toBeNull()
    expect(screen.queryByTestId('session-notice')).toBeNull()
    expect(document.activeElement).toBe(screen.getByTestId('login-username'))
    expect(asked).toEqual([])
    expect(FakeWebSocket.opened).toEqual([])
  })

  it('R2.7 restores a session with one question and one socket', async () => {
    cookieJar.cookie = `${signedInCookieName}=1`
    await openPage()
    await enterRoom()
    expect(asked).toEqual(['/auth/session'])
    expect(FakeWebSocket.opened).toHaveLength(1)
    expect(screen.getByTestId('current-user').textContent).toBe('alice')
    expect(screen.getByTestId('connection-state').dataset['state']).toBe('open')
  })

  it('R2.7 shows the login and why to a visitor whose session is gone', async () => {
    cookieJar.cookie = `${signedInCookieName}=1`
    respond = () => new Response(null, { status: 401 })
    await openPage()
    expect(screen.getByTestId('session-notice').textContent).toContain('session is over')
    expect(FakeWebSocket.opened).toEqual([])
  })

  it('RX.12 offers to try again in an outage and shows no login', async () => {
    cookieJar.cookie = `${signedInCookieName}=1`
    respond = () => new Response(null, { status: 503 })
    await openPage()
    expect(screen.queryByTestId('login-form')).toBeNull()
    respond = () => Response.json(answer)
    await act(async () => fireEvent.click(screen.getByTestId('retry-button')))
    expect(screen.getByTestId('chat-panel')).toBeTruthy()
  })

  it('R2.7 says that name and password are wrong, keeps the form, and lets one try again', async () => {
    await openPage()
    respond = () => new Response(null, { status: 401 })
    await signIn('wrong')
    expect(screen.getByTestId('login-error').textContent).toContain('do not belong together')
    respond = () => Response.json(answer)
    await signIn()
    expect(screen.getByTestId('chat-panel')).toBeTruthy()
  })

  it('R1.4 sends what is typed and shows what is said, as text', async () => {
    await openPage()
    await signIn()
    await enterRoom()
    fill('chat-input', ' hello ')
    fireEvent.submit(screen.getByTestId('chat-input').closest('form') as HTMLFormElement)
    const published = { channel: 'room:lobby', data: { text: 'hello' } }
    expect(JSON.parse(socket()?.sent.at(-1) ?? '')).toEqual({ type: 'publish', data: published })
    const from = { userId: 'bob', username: 'bob' }
    const said = { ...published, data: { text: '<b>bold</b>' }, from, at: '' }
    await act(async () => socket()?.say({ type: 'event', data: said }))
    expect(screen.getByTestId('chat-message').textContent).toContain('<b>bold</b>')
    expect(screen.getByTestId('chat-message').querySelector('b')).toBeNull()
  })

  it('R2.7 goes to the login with a plain sentence when the session is ended elsewhere', async () => {
    await openPage()
    await signIn()
    await enterRoom()
    await act(async () => socket()?.end(4410))
    expect(screen.getByTestId('session-notice').textContent).toContain('This session was ended.')
    expect(FakeWebSocket.opened).toHaveLength(1)
  })

  it('R2.7 R4.7 closes the socket on sign-out and leaves nothing of the room', async () => {
    await openPage()
    await signIn()
    await enterRoom()
    await act(async () => fireEvent.click(screen.getByTestId('logout-button')))
    expect(socket()?.isClosed).toBe(true)
    expect(asked.at(-1)).toBe('/auth/logout')
    expect(screen.getByTestId('login-form')).toBeTruthy()
    expect(screen.queryByTestId('chat-panel')).toBeNull()
  })

  it('R2.9 stays in the room and says so while the server is restarting', async () => {
    await openPage()
    await signIn()
    await enterRoom()
    await act(async () => socket()?.end(1012))
    expect(screen.getByTestId('connection-state').dataset['state']).toBe('backing-off')
    expect(screen.getByTestId('connection-error').textContent).toContain('restarting')
    expect(screen.getByTestId('chat-panel')).toBeTruthy()
  })

  it('R2.9 R2.8 goes on saying why while it tries, when the next try comes, and stops when it works', async () => {
    vi.useFakeTimers()
    await openPage()
    await signIn()
    await enterRoom()
    respond = () => new Response(null, { status: 502 })
    await act(async () => socket()?.end(1013))
    const notice = () => screen.getByTestId('connection-error').textContent
    expect(notice()).toContain('We will keep trying')
    const secondsLeft = () => Number(/Next try in (\d+) seconds/.exec(notice() ?? '')?.[1])
    const before = secondsLeft()
    expect(before).toBeGreaterThan(3)
    await act(async () => vi.advanceTimersByTimeAsync(2000))
    expect(secondsLeft()).toBe(before - 2)
    respond = () => Response.json(answer)
    await act(async () => fireEvent.click(screen.getByText('Try now')))
    expect(screen.getByTestId('connection-state').dataset['state']).toBe('connecting')
    expect(notice()).toContain('We will keep trying')
    expect(notice()).toContain('Trying now')
    await enterRoom()
    expect(screen.queryByTestId('connection-error')).toBeNull()
  })

  it('R4.6 says what to do when the marker is gone and the page does not connect', async () => {
    vi.useFakeTimers()
    await openPage()
    keepsMarker = false
    await signIn()
    expect(screen.getByTestId('connection-state').dataset['state']).toBe('idle')
    expect(screen.queryByTestId('connection-error')).toBeNull()
    await act(async () => vi.advanceTimersByTimeAsync(5000))
    expect(screen.getByTestId('connection-error').textContent).toContain('reload')
  })

  it('R4.7 takes over the session of another window when one comes back to it', async () => {
    await openPage()
    await act(async () => window.dispatchEvent(new Event('focus')))
    expect(asked).toEqual([])
    cookieJar.cookie = `${signedInCookieName}=1`
    await act(async () => window.dispatchEvent(new Event('focus')))
    expect(asked).toEqual(['/auth/session'])
    expect(screen.getByTestId('current-user').textContent).toBe('alice')
  })

  it.each([
    ['http://localhost:8080', true],
    ['http://[::1]:8080', true],
    ['https://sallyport.example', false],
  ])('shows at %s where the demo passwords are: %s', async (address, isShown) => {
    const before = window.location.href
    moveTo(address)
    await openPage()
    moveTo(before)
    expect(screen.queryByTestId('login-hint') !== null).toBe(isShown)
  })
})

/** Changes the page's address without a load; only the test's browser can. */
function moveTo(address: string) {
  const { happyDOM } = window as unknown as { happyDOM: { setURL: (url: string) => void } }
  happyDOM.setURL(address)
}
