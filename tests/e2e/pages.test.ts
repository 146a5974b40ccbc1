import type { ServerMessage } from '@sallyport/contracts/messages/server-message'
import type { Browser, WebSocket } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { admin, connections } from '../support/admin.ts'
import { isOpen, launchBrowser, newPerson, signIn } from '../support/browser.ts'
import { login } from '../support/http.ts'
import { openSocket } from '../support/socket.ts'
import { readStack, startStack } from '../support/stack.ts'

const stack = readStack(inject('stateFolder'))
const home = stack.endpoints.public
let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser?.close())

describe('visiting', () => {
  it('R2.7 R4.7 shows the login page without auth, and makes no attempt to connect', async () => {
    const { page, sockets, authRequests, context } = await newPerson(browser)
    await page.goto(home)
    await page.getByTestId('login-form').waitFor()
    expect(await page.getByTestId('chat-panel').count()).toBe(0)
    // Whatever a page does on its own it does at once; a timer would show within this wait.
    await page.waitForLoadState('networkidle')
    expect(sockets).toEqual([])
    expect(authRequests).toEqual([])
    await context.close()
  })

  it('R2.7 R2.3 restores a session with one question and one socket', async () => {
    const { page, sockets, authRequests, context, errors } = await newPerson(browser)
    await signIn(page, stack, 'alice')
    const before = { sockets: sockets.length, requests: authRequests.length }
    await page.reload()
    await isOpen(page)
    await page.getByTestId('chat-panel').waitFor()
    expect(authRequests.slice(before.requests)).toEqual(['GET /auth/session'])
    expect(sockets.slice(before.sockets)).toHaveLength(1)
    expect(errors).toEqual([])
    await context.close()
  })

  it('R2.7 clears an invalid session and shows the login page, without an attempt to connect', async () => {
    const { page, sockets, context } = await newPerson(browser)
    await context.addCookies([
      { name: 'sessionId', value: 'A'.repeat(43), url: home, httpOnly: true },
      { name: 'sallyport_signed_in', value: '1', url: home },
    ])
    await page.goto(home)
    await page.getByTestId('login-form').waitFor()
    const names = (await context.cookies(home)).map(({ name }) => name)
    // The dead secret stays until a sign-in replaces it: clearing it here could hit the one another tab just got.
    expect(names).not.toContain('sallyport_signed_in')
    expect(sockets).toEqual([])
    await context.close()
  })

  it('R1.1 says in plain words that the password is wrong, and stays on the login page', async () => {
    const { page, sockets, context } = await newPerson(browser)
    await page.goto(home)
    await page.getByTestId('login-username').fill('alice')
    await page.getByTestId('login-password').fill('wrong')
    await page.getByTestId('login-submit').click()
    const text = await page.getByTestId('login-error').innerText()
    expect(text).toMatch(/password/i)
    expect(text).not.toMatch(/401|invalid-credential|undefined/)
    expect(sockets).toEqual([])
    await context.close()
  })

  it.each([
    '127.0.0.1',
    '[::1]',
  ])('R0.6 works at http://%s as well as at localhost', async (host) => {
    const there = home.replace('localhost', host)
    if (!stack.endpoints.publicAlternates.includes(there)) {
      expect(host).toBe('[::1]') // a machine without an IPv6 loopback
      return
    }
    const { page, context } = await newPerson(browser)
    await signIn(page, { ...stack, endpoints: { ...stack.endpoints, public: there } }, 'bob')
    await context.close()
  })
})

describe('signed in', () => {
  it('R4.7 R2.1 connects by itself after login and shows the chat', async () => {
    const { page, sockets, context } = await newPerson(browser)
    await signIn(page, stack, 'alice')
    await page.getByTestId('chat-panel').waitFor()
    expect(await page.getByTestId('current-user').innerText()).toContain('alice')
    expect(sockets).toHaveLength(1)
    expect(sockets[0]).toMatch(/^ws:\/\/localhost:\d+\/ws$/)
    await context.close()
  })

  it('R1.4 lets two browsers talk', async () => {
    const [alice, bob] = await Promise.all([newPerson(browser), newPerson(browser)])
    await Promise.all([signIn(alice.page, stack, 'alice'), signIn(bob.page, stack, 'bob')])
    await Promise.all([alice, bob].map(({ page }) => page.getByTestId('chat-input').waitFor()))
    const text = `hello <b>from</b> alice ${Date.now()}`
    await alice.page.getByTestId('chat-input').fill(text)
    await alice.page.getByTestId('chat-send').click()
    for (const { page } of [alice, bob]) {
      await page.getByTestId('chat-message').filter({ hasText: text }).waitFor()
    }
    await Promise.all([alice.context.close(), bob.context.close()])
  })

  it('R2.7 RX.1 logging out in one window ends the other windows and a raw socket of that session, by the server', async () => {
    const person = await newPerson(browser)
    await signIn(person.page, stack, 'alice')
    const second = await person.context.newPage()
    await second.goto(home)
    await isOpen(second)
    const cookies = await person.context.cookies(home)
    const session = cookies.find(({ name }) => name === 'sessionId')
    const raw = await openSocket(stack, { cookie: `sessionId=${session?.value}` })
    await raw.message('welcome')
    const bystander = await openSocket(stack, { cookie: (await login(stack)).cookie })
    await bystander.message('welcome')

    await person.page.getByTestId('logout-button').click()
    await person.page.getByTestId('login-form').waitFor()
    await second.getByTestId('login-form').waitFor()
    expect(await second.getByTestId('session-notice').innerText()).toMatch(/\w+/)
    expect((await raw.closed).code).toBe(4410)
    expect((await person.context.cookies(home)).map(({ name }) => name)).toEqual([
      'sallyport_device',
    ])

    bystander.send({ type: 'subscribe', id: 'b', data: { channel: 'room:b' } })
    await bystander.message('subscribed')
    bystander.close()
    await person.context.close()
  })

  it('RX.1 says that an operator ended the connection, and comes back by itself', async () => {
    const { page, context, sockets } = await newPerson(browser)
    const opening = page.waitForEvent('websocket')
    const signingIn = signIn(page, stack, 'alice')
    const welcome = await said(await opening, 'welcome')
    await signingIn
    const { connectionId } = welcome.data
    expect((await admin(stack, 'DELETE', `/admin/connections/${connectionId}`)).status).toBe(204)
    const notice = page.getByTestId('connection-error')
    expect(await notice.innerText()).toContain('The connection was ended by an operator.')
    await isOpen(page)
    await notice.waitFor({ state: 'detached' })
    expect(sockets).toHaveLength(2)
    await context.close()
  })

  it('R4.7 stays signed out after going back, and can sign in again', async () => {
    const { page, context } = await newPerson(browser)
    await signIn(page, stack, 'alice')
    await page.getByTestId('logout-button').click()
    await page.getByTestId('login-form').waitFor()
    await page.reload()
    await page.getByTestId('login-form').waitFor()
    await signIn(page, stack, 'bob')
    expect(await page.getByTestId('current-user').innerText()).toContain('bob')
    await context.close()
  })

  it('R0.1 keeps the session cookie from scripts', async () => {
    const { page, context } = await newPerson(browser)
    await signIn(page, stack, 'alice')
    const readable = await page.evaluate('document.cookie')
    expect(readable).toContain('sallyport_signed_in=1')
    expect(readable).not.toContain('sessionId')
    const stored = await page.evaluate('JSON.stringify([{...localStorage}, {...sessionStorage}])')
    expect(stored).not.toContain('eyJ')
    await context.close()
  })
})

describe('a token that runs out', () => {
  it('R3.7 R4.7 RX.3 the page renews it on the open socket, which outlives it', async () => {
    // The shortest life there is, and a heartbeat that shows that the socket is there beyond it.
    const settings = { SIDECAR_TOKEN_LIFE_SECONDS: '30', BACKEND_HEARTBEAT_MS: '1000' }
    const brief = await startStack(settings)
    const { page, context, sockets, authRequests } = await newPerson(browser)
    try {
      const opening = page.waitForEvent('websocket')
      const signingIn = signIn(page, brief, 'alice')
      const socket = await opening
      const welcome = await said(socket, 'welcome')
      const bornAtMs = performance.now()
      expect(welcome.data.ttlMs).toBeLessThanOrEqual(30_000)
      await signingIn

      const renewed = await said(socket, 'auth.ok')
      expect(renewed.data.ttlMs).toBeGreaterThan(25_000)
      await said(socket, 'hb', () => performance.now() - bornAtMs > 31_000)
      await isOpen(page)
      expect(sockets).toHaveLength(1)
      expect(authRequests.filter((request) => request === 'GET /auth/session')).not.toEqual([])
      const { connections: live } = await connections(brief)
      expect(live.map(({ connectionId }) => connectionId)).toEqual([welcome.data.connectionId])
    } finally {
      await context.close()
      await brief.stop()
    }
  })
})

/** The next message of a type that a page's socket receives and that fits. */
async function said<Type extends ServerMessage['type']>(
  socket: WebSocket,
  type: Type,
  fits = () => true,
): Promise<Extract<ServerMessage, { type: Type }>> {
  const read = (payload: string | Buffer) => JSON.parse(String(payload)) as ServerMessage
  const frame = await socket.waitForEvent('framereceived', {
    predicate: ({ payload }) => read(payload).type === type && fits(),
    timeout: 45_000,
  })
  return read(frame.payload) as Extract<ServerMessage, { type: Type }>
}
