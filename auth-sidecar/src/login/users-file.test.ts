import { describe, expect, it } from 'vitest'
import { type ChangedUser, changedUsers, removedFingerprint } from './changed-users.ts'
import { userOf } from './testing/api-fixture.ts'
import { userFingerprint } from './user-fingerprint.ts'
import { parseUsersFile } from './users-file.ts'

const passwordHash = `$argon2id$v=19$m=1024,t=1,p=1$${'A'.repeat(22)}$${'B'.repeat(43)}`
const alice = { id: 'u1', username: 'alice', passwordHash }

describe('users file', () => {
  const faultsOf = (content: unknown) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    const parsed = parseUsersFile(text)
    return parsed.ok ? [] : parsed.error
  }

  it('SES-1 may say that somebody is disabled', () => {
    const parsed = parseUsersFile(
      JSON.stringify([alice, { ...alice, id: 'u2', username: 'b', disabled: true }]),
    )
    expect(parsed).toMatchObject({ value: [{ groups: [] }, { disabled: true }] })
  })

  it('SES-1 is refused with a member that is not known: nobody stays in by a slip of the pen', () => {
    expect(faultsOf([{ ...alice, disable: true }])).toEqual([
      'entry 1: has a member that is not known',
    ])
    expect(faultsOf([alice, { ...alice, id: 'u2', username: 'b', disabled: 'true' }])).toEqual([
      expect.stringContaining('entry 2, disabled: '),
    ])
  })

  it('R0.5 tells what is wrong, and nothing of what stands in it', () => {
    const secret = 'hunter2'
    const faulty: unknown[] = [
      `[{"id": "u1", "passwordHash": ${secret}`,
      secret,
      { [secret]: secret },
      [secret],
      [{ ...alice, passwordHash: secret }],
      [{ ...alice, id: `${secret} ` }],
      [{ ...alice, [secret]: secret }],
      [{ ...alice, groups: [secret, 7, ''] }],
      [{ ...alice, groups: { [secret]: secret } }],
      [alice, { ...alice, username: secret }],
      [{ id: secret }],
      '',
    ]
    for (const content of faulty) {
      const faults = faultsOf(content)
      expect(faults.length).toBeGreaterThan(0)
      expect(faults.join()).not.toContain(secret)
    }
    expect(faultsOf([alice, alice])).toEqual(['an id stands twice', 'a username stands twice'])
    expect(faultsOf([{ ...alice, passwordHash: 'x' }])).toEqual([
      'entry 1, passwordHash: must be an Argon2id hash in PHC form',
    ])
  })
})

describe('what changed in the users file', () => {
  const [bob, carol] = [userOf('bob'), userOf('carol', { groups: ['staff', 'on-call'] })]
  const subjectsOf = (changed: readonly ChangedUser[]) => changed.map(({ subject }) => subject)

  it('W93 is whose password, name, groups or access are others now, or who is gone', () => {
    expect(changedUsers([bob, carol], [bob, carol])).toEqual([])
    expect(changedUsers([bob, carol], [carol])).toEqual([
      { subject: 'bob', fingerprint: removedFingerprint },
    ])
    for (const changes of [
      { passwordHash: 'another' },
      { username: 'robert' },
      { groups: ['staff'] },
      { disabled: true },
    ]) {
      const after = { ...bob, ...changes }
      expect(changedUsers([bob, carol], [after, carol])).toEqual([
        { subject: 'bob', fingerprint: userFingerprint(after) },
      ])
    }
    expect(subjectsOf(changedUsers([bob], [{ ...bob, id: 'bob-2' }]))).toEqual(['bob', 'bob-2'])
  })

  it('W93 is not the order of people, of groups, or what is said in another way', () => {
    const reordered = { ...carol, groups: ['on-call', 'staff', 'staff'] }
    expect(changedUsers([bob, carol], [reordered, { ...bob, disabled: false }])).toEqual([])
  })

  it('W93 has another fingerprint at each turn, so that a second "disabled" is no repetition', () => {
    const disabled = { ...bob, disabled: true }
    const turns = [[bob], [disabled], [bob], [], [bob], [disabled]]
    const seen = turns.slice(1).map((after, index) => changedUsers(turns[index] ?? [], after))
    expect(seen.every((changed) => changed.length === 1)).toBe(true)
    const fingerprints = seen.flat().map(({ fingerprint }) => fingerprint)
    fingerprints.slice(1).forEach((fingerprint, index) => {
      expect(fingerprint).not.toBe(fingerprints[index])
    })
  })

  it('R0.5 is told without a word of a password’s hash', () => {
    const [changed] = changedUsers([bob], [{ ...bob, passwordHash }])
    expect(changed?.fingerprint).toMatch(/^[\w-]{43}$/)
    expect(passwordHash).not.toContain(changed?.fingerprint)
  })
})
