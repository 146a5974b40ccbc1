// R2.1, one row a way to fail.

import { expect, it } from 'vitest'
import { mayShowChat } from './may-show-chat.ts'

const good = { authLoading: false, isAuthenticated: true, token: 'a.b.c' }

it('R2.1 shows the chat panel to a confirmed person with a token', () => {
  expect(mayShowChat(good)).toBe(true)
})

it.each([
  { authLoading: true },
  { isAuthenticated: false },
  { token: null },
  { token: '' },
  { token: ' \t\n' },
  { token: 'token_placeholder' },
])('R2.1 hides the chat panel with %j', (change) => {
  expect(mayShowChat({ ...good, ...change })).toBe(false)
})
