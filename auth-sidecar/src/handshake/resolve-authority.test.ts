import { ok } from '@sallyport/contracts/result'
import { expect, it } from 'vitest'
import type { Authority } from '../authority/authority.ts'
import { resolveAuthority } from './resolve-authority.ts'

const authority: Authority = {
  issuer: 'https://app.example.com/auth',
  subject: 'alice',
  username: 'alice',
  sessionId: 's1',
  generation: { epoch: 'e', subject: 0, session: 0 },
  expiresAtMs: 2000,
  groups: ['from the token'],
  scopes: ['chat'],
  claims: { plan: 'gold' },
}
const context = { name: 'websocket', audience: undefined, ways: [], origin: undefined } as const
const both = {
  explicit: { way: 'authorization', value: 't' },
  sessionSecret: 's',
  cookieToken: undefined,
} as const

const resolveWith = (cookie: Partial<Authority>) =>
  resolveAuthority(both, context, {
    byToken: async () => ok(authority),
    bySession: async () => ok({ ...authority, groups: [], scopes: [], claims: {}, ...cookie }),
    byTicket: () => Promise.reject(new Error('not asked')),
  })

it.each<[string, Partial<Authority>]>([
  ['session', { sessionId: 's2' }],
  ['subject', { subject: 'bob' }],
  ['issuer', { issuer: 'https://idp.example.com' }],
])('AUT-6 R1.7 refuses a token and a cookie whose %s differs, all else the same', async (_name, other) => {
  expect(await resolveWith(other)).toMatchObject({ error: { code: 'conflicting-credentials' } })
})

it('R1.7 keeps the grants of what was presented on purpose, whichever ends first', async () => {
  for (const expiresAtMs of [1000, 3000]) {
    const expected = { ...authority, expiresAtMs: Math.min(2000, expiresAtMs) }
    expect(await resolveWith({ expiresAtMs })).toEqual(
      ok({ authority: expected, way: 'authorization', ignored: undefined }),
    )
  }
})
