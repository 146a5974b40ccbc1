import { argon2Sync, randomBytes } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { createPasswordChecker } from './password-checker.ts'
import { parsePasswordHash, usersFileSchema } from './password-hash.ts'

/** A cheap but real Argon2id hash. */
function hashOf(password: string): string {
  const nonce = randomBytes(16)
  const hash = argon2Sync('argon2id', {
    message: password,
    nonce,
    parallelism: 1,
    tagLength: 32,
    memory: 1024,
    passes: 1,
  })
  const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=1024,t=1,p=1$${text(nonce)}$${text(hash)}`
}

const checker = createPasswordChecker({ workers: 2, maxWaiting: 1 })
afterAll(() => checker.close())

const from = (key: string, isKnown = false) => ({ key, isKnown })
const moody = new URL('../testing/moody-worker.ts', import.meta.url)

describe('password checker', () => {
  it('R1.1 tells the right password from a wrong one', async () => {
    const hash = hashOf('right')
    expect(await checker.check('right', hash, from('a'))).toBe('match')
    expect(await checker.check('wrong', hash, from('a'))).toBe('mismatch')
  })

  it('LIM-1 turns the flood away when two are hashing and one waits', async () => {
    const hash = hashOf('right')
    const verdicts = await Promise.all(
      Array.from({ length: 8 }, () => checker.check('right', hash, from('a'))),
    )
    expect(verdicts.filter((verdict) => verdict === 'match')).toHaveLength(3)
    expect(verdicts.filter((verdict) => verdict === 'busy')).toHaveLength(5)
  })

  it('LIM-1 gives up who waited too long, and serves the next all the same', async () => {
    const slow = createPasswordChecker({ workers: 1, maxWaiting: 9, maxWaitMs: 1, script: moody })
    const first = slow.check('hang', '', from('a'))
    expect(await slow.check('right', '', from('b'))).toBe('busy')
    await slow.close()
    await expect(first).rejects.toThrow()
    expect(await slow.check('right', '', from('b'))).toBe('match')
    await slow.close()
  })

  it('LIM-1 asks known devices and every address by turns, whoever came in a crowd', async () => {
    const served: string[] = []
    const fair = createPasswordChecker({ workers: 1, maxWaiting: 20, script: moody })
    const ask = async (key: string, isKnown = false) => {
      const verdict = await fair.check('right', '', { key, isKnown })
      served.push(verdict === 'match' ? key : `${key} ${verdict}`)
    }
    const crowd = ['first', 'mob', 'mob', 'mob', 'mob', 'mob'].map((key) => ask(key))
    await Promise.all([...crowd, ask('guest'), ask('friend', true)])
    // The fifth of one address is turned away at once; the rest takes turns.
    expect(served).toEqual(['mob busy', 'first', 'friend', 'mob', 'guest', 'mob', 'mob', 'mob'])
    await fair.close()
  })

  it('ERR-1 a worker that dies fails the question it had and no later one', async () => {
    const dying = createPasswordChecker({ workers: 1, maxWaiting: 8, script: moody })
    const [had, waiting] = ['die', 'right'].map((password) => dying.check(password, '', from('a')))
    await expect(had).rejects.toThrow()
    expect(await waiting).toBe('match')
    await dying.close()
  })

  it('turns away who still waits when it closes', async () => {
    const closing = createPasswordChecker({ workers: 1, maxWaiting: 8, script: moody })
    const [had, waiting] = ['hang', 'right'].map((password) =>
      closing.check(password, '', from('a')),
    )
    const failed = expect(had).rejects.toThrow()
    await closing.close()
    await failed
    expect(await waiting).toBe('busy')
  })
})

describe('users file', () => {
  const entry = { id: 'u1', username: 'alice', passwordHash: hashOf('right') }

  it('R1.1 accepts Argon2id only, and each id and name once', () => {
    expect(parsePasswordHash('$2b$10$abcdefghijklmnopqrstuv')).toBeUndefined()
    for (const zero of ['t=0', 'p=0']) {
      const hash = entry.passwordHash.replace(`${zero[0]}=1`, zero)
      expect(parsePasswordHash(hash)).toBeUndefined()
    }
    expect(usersFileSchema.safeParse([entry]).success).toBe(true)
    expect(usersFileSchema.safeParse([entry, entry]).success).toBe(false)
  })

  it('RX.13 may name groups', () => {
    const parsed = usersFileSchema.parse([
      entry,
      { ...entry, id: 'u2', username: 'b', groups: ['staff'] },
    ])
    expect(parsed.map(({ groups }) => groups)).toEqual([[], ['staff']])
  })
})
