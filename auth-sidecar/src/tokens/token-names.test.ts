import {
  maxGrantLength,
  maxNameLength,
  standingIdentitySchema,
} from '@sallyport/contracts/identity-schema'
import { describe, expect, it } from 'vitest'
import { admitIdentity } from '../handshake/admit-identity.ts'
import { createFixedPolicy } from '../policy/policy-source.ts'
import { policyOf, websocketRoute } from '../testing/domain-fixture.ts'
import { makeKey, makeToken } from './testing/make-token.ts'
import { createVerifierFixture, trustedIssuer } from './testing/verifier-fixture.ts'

const issuer = 'https://login.example.org'
const key = makeKey('k1')
const prefix = 'login.example.org:'

/** What is made of a token of an issuer with that prefix. */
async function holderOf(claims: object, changes: Parameters<typeof trustedIssuer>[0] = { prefix }) {
  const keys = { [`${issuer}/keys`]: [key.publicJwk] }
  const { verify } = await createVerifierFixture([trustedIssuer(changes)], keys)
  const verified = await verify(makeToken(key, issuer, claims))
  return verified.ok ? verified.value : verified.error
}

describe('the names in tokens of another issuer', () => {
  it('J39 AUT-6 are no names of ours: its prefix stands before subject, username and groups', async () => {
    const claims = { preferred_username: 'Alice', groups: ['staff', 'admin'], scope: 'chat' }
    expect(await holderOf(claims)).toMatchObject({
      subject: 'login.example.org:alice',
      username: 'login.example.org:Alice',
      groups: ['login.example.org:staff', 'login.example.org:admin'],
      scopes: ['chat'],
    })
    expect(await holderOf(claims, { prefix: '' })).toMatchObject({
      subject: 'alice',
      username: 'Alice',
      groups: ['staff', 'admin'],
    })
  })

  it('AUT-6 have the prefix once where the subject stands in for a username', async () => {
    const nameless = { preferred_username: 'a\u0000b' }
    expect(await holderOf(nameless)).toMatchObject({ username: 'login.example.org:alice' })
  })

  it('SES-1 end with the same session whatever the prefix is', async () => {
    const [named, plain] = [
      await holderOf({ sid: 's' }),
      await holderOf({ sid: 's' }, { prefix: '' }),
    ]
    expect((named as { sessionId: string }).sessionId).toMatch(/^x/)
    expect((named as { sessionId: string }).sessionId).toBe(
      (plain as { sessionId: string }).sessionId,
    )
  })

  it('J38 HDR-6 are bounded with their prefix', async () => {
    const room = maxNameLength - prefix.length
    expect(await holderOf({ sub: 'a'.repeat(room) })).toMatchObject({
      subject: prefix + 'a'.repeat(room),
    })
    expect(await holderOf({ sub: 'a'.repeat(room + 1) })).toBe('token-claims')
    expect(await holderOf({ sub: '' })).toBe('token-claims')
    expect(await holderOf({ groups: ['a'.repeat(maxGrantLength - prefix.length)] })).toMatchObject(
      {},
    )
    expect(await holderOf({ groups: ['a'.repeat(maxGrantLength - prefix.length + 1)] })).toBe(
      'token-claims',
    )
    expect(await holderOf({ groups: [''] })).toBe('token-claims')
  })

  // An emoji is one character to a reader, two in the unit that both ends count in.
  const emoji = (units: number) => '\u{1f600}'.repeat(units / 2)

  it('J38 are counted in the unit in which the backend counts them', async () => {
    const plain = { prefix: '' }
    expect(await holderOf({ preferred_username: emoji(maxNameLength + 2) }, plain)).toMatchObject({
      username: 'alice',
    })
    expect(await holderOf({ groups: [emoji(maxGrantLength + 2)] }, plain)).toBe('token-claims')
    expect(await holderOf({ scope: emoji(maxGrantLength + 2) }, plain)).toBe('token-claims')
  })

  it('J38 are good at the backend whenever they are good here', async () => {
    const claims = {
      preferred_username: emoji(maxNameLength),
      groups: [emoji(maxGrantLength)],
      scope: emoji(maxGrantLength),
    }
    const authority = await holderOf(claims, { prefix: '' })
    if (typeof authority === 'string') throw new Error(authority)
    expect(authority.username).toHaveLength(maxNameLength)
    const admitted = admitIdentity(
      { authority, way: 'authorization' },
      {
        route: websocketRoute(),
        origin: undefined,
        policy: createFixedPolicy(policyOf([])).current(),
      },
    )
    if (!admitted.ok) throw new Error(admitted.error.reason)
    expect(standingIdentitySchema.safeParse(admitted.value).success).toBe(true)
  })
})
