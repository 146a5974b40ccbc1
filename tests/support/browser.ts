// Debian's Chromium driven by Playwright. A browser context is a person; what its pages do on the wire is noted.

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { Stack } from './stack.ts'

/** Starts Chromium without anything that talks to its maker. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  })
}

export type Person = {
  readonly context: BrowserContext
  readonly page: Page
  /** Addresses of the WebSockets the pages tried to open, in order. */
  readonly sockets: string[]
  /** Paths of the requests to `/auth/`, in order. */
  readonly authRequests: string[]
  /** Anything a page logged as an error. */
  readonly errors: string[]
}

/** A fresh browser profile with one page that has not gone anywhere yet. */
export async function newPerson(browser: Browser): Promise<Person> {
  const context = await browser.newContext({ reducedMotion: 'reduce' })
  const person: Omit<Person, 'page'> = { context, sockets: [], authRequests: [], errors: [] }
  context.on('page', (page) => watch(page, person))
  return { ...person, page: await context.newPage() }
}

function watch(page: Page, person: Omit<Person, 'page'>): void {
  page.on('websocket', (socket) => person.sockets.push(socket.url()))
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/auth/')) person.authRequests.push(`${request.method()} ${pathname}`)
  })
  page.on('pageerror', (error) => person.errors.push(error.message))
}

/** Opens the front end and signs in through its form. */
export async function signIn(
  page: Page,
  stack: Pick<Stack, 'endpoints' | 'credentials'>,
  username: string,
): Promise<void> {
  const user = stack.credentials.users.find((candidate) => candidate.username === username)
  await page.goto(stack.endpoints.public)
  await page.getByTestId('login-username').fill(username)
  await page.getByTestId('login-password').fill(user?.password ?? '')
  await page.getByTestId('login-submit').click()
  await isOpen(page)
}

/** Resolves when the page shows an open connection. */
export async function isOpen(page: Page): Promise<void> {
  await page.locator('[data-testid="connection-state"][data-state="open"]').waitFor()
}
