import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '@sallyport/service-kit/log'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { endChangedUser, endIfChangedUnseen } from './end-changed-user.ts'
import { type FollowUsersDeps, followUsers } from './follow-users.ts'
import { login } from './login.ts'
import type { User } from './password-hash.ts'
import { createApiFixture, requestOf, userOf } from './testing/api-fixture.ts'
import { userFingerprint } from './user-fingerprint.ts'

const hashOf = (letter: string) =>
  `$argon2id$v=19$m=1024,t=1,p=1$${'A'.repeat(22)}$${letter.repeat(43)}`
const entryOf = (id: string, changes: Partial<User> = {}) =>
  userOf(id, { passwordHash: hashOf('A'), ...changes })

type Fixture = Awaited<ReturnType<typeof createApiFixture>>

/** A sidecar that follows a file which the test writes by hand. */
function follow({ deps }: Fixture, users: readonly User[], changes: Partial<FollowUsersDeps> = {}) {
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>)
  let take: (text: string | undefined) => void = () => {}
  const followed = followUsers({
    ...deps,
    path: 'users.json',
    users,
    log: createLog('test', 'info', { write }),
    watch: (_path, _text, onChange) => {
      take = onChange
      return { close: () => {} }
    },
    ...changes,
  })
  return {
    ...followed,
    lines,
    take: (content: unknown) => take(JSON.stringify(content)),
    takeText: (text?: string) => take(text),
  }
}

async function signInBy({ deps }: Fixture, users: () => readonly User[], username: string) {
  const body = { username, password: 'right' }
  const { outcome, setCookies } = await login(requestOf({ body }), { ...deps, users })
  if (!outcome.ok || !outcome.value) return expect.fail(`${username} did not get in`)
  const cookieHeader = setCookies?.[0]?.split(';')[0] ?? ''
  return { ...outcome.value, secret: cookieHeader.slice('sessionId='.length) }
}

const isLive = async ({ deps }: Fixture, { secret, token }: { secret: string; token: string }) => {
  const judged = [
    await deps.currentAuthority.bySession(secret),
    await deps.currentAuthority.byToken(token),
  ]
  const [first] = judged.map(({ ok }) => ok)
  expect(judged.every(({ ok }) => ok === first)).toBe(true)
  return first
}

afterEach(() => vi.useRealTimers())

describe('the users file is followed', () => {
  const [alice, bob] = [entryOf('alice'), entryOf('bob')]

  it.each<[string, readonly User[]]>([
    ['is removed', [bob]],
    ['is disabled', [{ ...alice, disabled: true }, bob]],
    ['has another password', [{ ...alice, passwordHash: hashOf('B') }, bob]],
    ['has other groups', [{ ...alice, groups: ['staff'] }, bob]],
    ['has another id', [{ ...alice, id: 'alice-2' }, bob]],
  ])('W93 SES-1 whoever %s loses every session and token, and nobody else does', async (_name, after) => {
    const fixture = await createApiFixture()
    const { users, take, close } = follow(fixture, [alice, bob])
    const [first, second, other] = [
      await signInBy(fixture, users, 'alice'),
      await signInBy(fixture, users, 'alice'),
      await signInBy(fixture, users, 'bob'),
    ]
    take(after)
    await vi.waitFor(async () => expect(await fixture.deps.sessions.ofSubject('alice')).toEqual([]))
    expect(await isLive(fixture, first)).toBe(false)
    expect(await isLive(fixture, second)).toBe(false)
    expect(await isLive(fixture, other)).toBe(true)
    const { issuer } = fixture.deps
    expect(fixture.events[0]).toMatchObject({ type: 'subject-ended', issuer, subject: 'alice' })
    expect(users()).toEqual(after)
    await close()
  })

  it('W93 is believed at once by whoever signs in', async () => {
    const fixture = await createApiFixture()
    const { users, take, close } = follow(fixture, [alice])
    take([bob])
    await expect(signInBy(fixture, users, 'alice')).rejects.toThrow('alice did not get in')
    await signInBy(fixture, users, 'bob')
    await close()
  })

  it('W93 keeps the last good users when it is faulty or gone, and says what is wrong without content', async () => {
    const fixture = await createApiFixture()
    const { users, take, takeText, lines, close } = follow(fixture, [alice])
    const session = await signInBy(fixture, users, 'alice')
    takeText(`[{"id":"alice","passwordHash":"${hashOf('B')}`)
    take([{ ...alice, passwordHash: 'hunter2' }])
    takeText(undefined)
    expect(users()).toEqual([alice])
    expect(await isLive(fixture, session)).toBe(true)
    expect(lines.map(({ level, faults }) => ({ level, faults }))).toEqual([
      { level: 'error', faults: ['is not JSON'] },
      {
        level: 'error',
        faults: ['entry 1, passwordHash: must be an Argon2id hash in PHC form'],
      },
      { level: 'error', faults: ['cannot be read'] },
    ])
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|argon2id\$/)
    await close()
  })

  it('W93 says nothing of a file that was written anew and says the same', async () => {
    const fixture = await createApiFixture()
    const { take, lines, close } = follow(fixture, [alice])
    take([{ ...alice, disabled: false }])
    await close()
    expect(lines).toEqual([])
    expect(fixture.events).toEqual([])
  })

  it('W93 a change during an outage is not forgotten: it is made as soon as it can be', async () => {
    vi.useFakeTimers()
    const fixture = await createApiFixture()
    let isOut = true
    const authorities = {
      ...fixture.deps.authorities,
      apply: (change: Parameters<typeof fixture.deps.authorities.apply>[0]) =>
        isOut ? Promise.reject(new Error('out')) : fixture.deps.authorities.apply(change),
    }
    const { users, take, lines, close } = follow(fixture, [alice, bob], { authorities })
    const session = await signInBy(fixture, users, 'alice')
    take([bob])
    await vi.advanceTimersByTimeAsync(3000)
    expect(await isLive(fixture, session)).toBe(true)
    expect(lines.filter(({ level }) => level === 'error').length).toBeGreaterThan(1)
    isOut = false
    await vi.advanceTimersByTimeAsync(1000)
    expect(await isLive(fixture, session)).toBe(false)
    await close()
  })

  it('W93 one whose ending fails holds up nobody behind, and is all that is tried again', async () => {
    vi.useFakeTimers()
    const fixture = await createApiFixture()
    const asked: string[] = []
    let isOut = true
    const authorities = {
      ...fixture.deps.authorities,
      apply: async (change: Parameters<typeof fixture.deps.authorities.apply>[0]) => {
        const subject = 'subject' in change ? change.subject : ''
        asked.push(subject)
        if (isOut && subject === 'alice') throw new Error('out')
        return fixture.deps.authorities.apply(change)
      },
    }
    const { users, take, lines, close } = follow(fixture, [alice, bob], { authorities })
    const [first, second] = [
      await signInBy(fixture, users, 'alice'),
      await signInBy(fixture, users, 'bob'),
    ]
    asked.length = 0
    take([])
    await vi.advanceTimersByTimeAsync(0)
    expect(await isLive(fixture, second)).toBe(false)
    expect(await isLive(fixture, first)).toBe(true)
    expect(lines.filter(({ level }) => level === 'error')).toMatchObject([{ left: 1 }])
    asked.length = 0
    isOut = false
    await vi.advanceTimersByTimeAsync(1000)
    expect(await isLive(fixture, first)).toBe(false)
    expect(new Set(asked)).toEqual(new Set(['alice']))
    await close()
  })

  it('W93 a change goes before all that is still looked at since the start', async () => {
    const fixture = await createApiFixture()
    const crowd = Array.from({ length: 50 }, (_, index) => entryOf(`user-${index}`))
    const asked: string[] = []
    const sessions = {
      ...fixture.deps.sessions,
      ofSubject: async (subject: string) => {
        asked.push(subject)
        return []
      },
    }
    const { take, close } = follow(fixture, [...crowd, alice], { sessions })
    take(crowd)
    await vi.waitFor(() => expect(asked).toHaveLength(51))
    expect(asked.indexOf('alice')).toBeLessThan(2)
    expect(fixture.events).toMatchObject([{ type: 'subject-ended', subject: 'alice' }])
    await close()
  })

  it('W93 ends at the start whose entry changed while nobody was there to see it', async () => {
    const fixture = await createApiFixture()
    const [changed, same] = [
      await signInBy(fixture, () => [alice, bob], 'alice'),
      await signInBy(fixture, () => [alice, bob], 'bob'),
    ]
    const { close } = follow(fixture, [{ ...alice, disabled: true }, bob])
    await vi.waitFor(async () => expect(await isLive(fixture, changed)).toBe(false))
    expect(await isLive(fixture, same)).toBe(true)
    await close()
  })

  it('W93 ends at the start nobody whose sessions tell of the same entry, or of none', async () => {
    const fixture = await createApiFixture()
    const same = await signInBy(fixture, () => [bob], 'bob')
    const ofNoFile = await fixture.signIn('alice')
    for (const user of [alice, bob]) {
      const fingerprint = userFingerprint(user)
      await endIfChangedUnseen({ subject: user.id, fingerprint }, fixture.deps)
    }
    expect(await isLive(fixture, same)).toBe(true)
    expect(await isLive(fixture, ofNoFile)).toBe(true)
    expect(fixture.events).toEqual([])
  })

  it('R1.1 is nobody where there is no file', async () => {
    const { users, close } = follow(await createApiFixture(), [], { path: undefined })
    expect(users()).toEqual([])
    await close()
  })
})

describe('the users file on disk', () => {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })

  it('W93 is taken when another is put in its place', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-users-'))
    folders.push(folder)
    const path = join(folder, 'users.json')
    const alice = entryOf('alice')
    writeFileSync(path, JSON.stringify([alice]))
    const fixture = await createApiFixture()
    const { users, close } = followUsers({ ...fixture.deps, path, users: [alice] })
    const session = await signInBy(fixture, users, 'alice')
    const next = join(folder, 'users.json.next')
    writeFileSync(next, JSON.stringify([{ ...alice, disabled: true }]))
    renameSync(next, path)
    await vi.waitFor(async () => expect(await isLive(fixture, session)).toBe(false), 10_000)
    await close()
  })
})

describe('a change that two sidecars see, each in its time', () => {
  const before = entryOf('alice')
  const after = entryOf('alice', { passwordHash: hashOf('B') })
  const change = { subject: 'alice', fingerprint: userFingerprint(after) }

  it('W93 is made once: sessions that were begun by the new entry stay', async () => {
    const fixture = await createApiFixture()
    const old = await signInBy(fixture, () => [before], 'alice')
    await endChangedUser(change, fixture.deps)
    const fresh = await signInBy(fixture, () => [after], 'alice')
    await endChangedUser(change, fixture.deps)
    expect(await isLive(fixture, old)).toBe(false)
    expect(await isLive(fixture, fresh)).toBe(true)
    expect(fixture.events.map(({ type }) => type)).toEqual(['subject-ended'])
  })

  it('W93 leaves nobody in whom the slower one let in by the old entry meanwhile', async () => {
    const fixture = await createApiFixture()
    await endChangedUser(change, fixture.deps)
    const late = await signInBy(fixture, () => [before], 'alice')
    const fresh = await signInBy(fixture, () => [after], 'alice')
    await endChangedUser(change, fixture.deps)
    expect(await isLive(fixture, late)).toBe(false)
    expect(await isLive(fixture, fresh)).toBe(true)
    expect(fixture.ended()).toEqual([late.sessionId])
  })
})
