import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { deriveAssertionKey, parseAssertionRing } from '@sallyport/contracts/identity-assertion'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeBackendKeys } from '../secrets/assertion-keys.ts'
import { assertionKeys, readJson, type StatePaths } from '../state-folder.ts'
import type { RotationTask } from './rotate-ring.ts'
import { rotateRing } from './rotate-ring.ts'
import { assertionRing, type MasterKey, type TokenKey, tokenRing } from './signing-rings.ts'
import { followingUntil, makeState, recordOutput, startMs } from './testing/rotation-fixture.ts'

let state: StatePaths
let remove: () => void
let nowMs: number

beforeEach(async () => {
  ;({ state, remove } = await makeState())
  nowMs = startMs
})

afterEach(() => remove())

const keysIn = <Key>(path: string) => (readJson(path) as { keys: readonly Key[] }).keys
const tokenKeys = () => keysIn<TokenKey>(state.tokenKeys)
const masters = () => keysIn<MasterKey>(state.assertionMaster)
const derived = () => parseAssertionRing(readFileSync(state.assertionBackend, 'utf8'))

/** Rotates token keys; says the key ids at each stage, and what was printed. */
async function rotateTokens(task: RotationTask = 'rotate', stopsAt?: string) {
  const stages: (readonly string[])[] = []
  const printed = recordOutput()
  const followUp = followingUntil(stopsAt, () => stages.push(tokenKeys().map(({ kid }) => kid)))
  const deps = { followUp, output: printed.output, now: () => nowMs, task }
  return { isDone: await rotateRing(tokenRing(state), deps), stages, printed }
}

describe('token keys', () => {
  it('RX.14 are added, followed, made first, followed: the old one verifies on', async () => {
    const [old] = tokenKeys()
    const { isDone, stages, printed } = await rotateTokens()
    const [now, before] = tokenKeys()
    expect(isDone).toBe(true)
    expect(stages).toEqual([[old?.kid], [old?.kid, now?.kid], [now?.kid, old?.kid]])
    expect(before).toEqual({ ...old, retiredAt: new Date(startMs).toISOString() })
    expect(now).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
    expect(statSync(state.tokenKeys).mode & 0o777).toBe(0o600)
    expect(printed.all()).toContain(`in force: ${now?.kid} signs`)
  })

  it('RX.14 are never printed, only their ids', async () => {
    const { printed } = await rotateTokens()
    for (const key of tokenKeys()) expect(printed.all()).not.toContain((key as { d?: string }).d)
  })

  it('RX.14 go once the longest token life is over, with the next rotation or by DROP_OLD', async () => {
    const [old] = tokenKeys()
    await rotateTokens()
    const [second] = tokenKeys()
    nowMs += 3_659_999
    await rotateTokens('drop-due')
    expect(tokenKeys().map(({ kid }) => kid)).toEqual([second?.kid, old?.kid])
    nowMs += 1
    const { printed } = await rotateTokens('drop-due')
    expect(tokenKeys().map(({ kid }) => kid)).toEqual([second?.kid])
    expect(printed.lines).toContain(`dropped: ${old?.kid}`)
    await rotateTokens()
    nowMs += 3_660_000
    const { stages } = await rotateTokens()
    expect(stages.at(-1)).not.toContain(second?.kid)
    expect(tokenKeys()).toHaveLength(2)
  })

  it('RX.14 J49 that leaked go at once when that is asked for, all but the one that signs', async () => {
    await rotateTokens()
    const [signing] = tokenKeys()
    await rotateTokens('drop-all')
    expect(tokenKeys()).toEqual([signing])
    await rotateTokens('drop-all')
    expect(tokenKeys()).toEqual([signing])
  })

  it('RX.14 do not change while somebody does not follow', async () => {
    const before = readFileSync(state.tokenKeys, 'utf8')
    const { isDone, printed } = await rotateTokens('rotate', 'follows')
    expect(isDone).toBe(false)
    expect(readFileSync(state.tokenKeys, 'utf8')).toBe(before)
    expect(printed.errors.join()).toContain('nobody was shut out')
  })

  it('RX.14 stay at a stage that not everybody reached, and go on from there with the same key', async () => {
    const [old] = tokenKeys()
    expect((await rotateTokens('rotate', 'verifies')).isDone).toBe(false)
    const [signing, pending] = tokenKeys()
    expect(signing).toEqual(old)
    expect((await rotateTokens()).isDone).toBe(true)
    expect(tokenKeys().map(({ kid }) => kid)).toEqual([pending?.kid, old?.kid])
  })
})

describe('assertion keys', () => {
  async function rotateAssertions(stopsAt?: string) {
    const stages: object[] = []
    const printed = recordOutput()
    const idsOf = (keys: readonly { keyId: string }[]) => keys.map(({ keyId }) => keyId)
    const followUp = followingUntil(stopsAt, () =>
      stages.push({ master: idsOf(masters()), backend: idsOf(derived()) }),
    )
    const deps = { followUp, output: printed.output, now: () => nowMs, task: 'rotate' as const }
    return { isDone: await rotateRing(assertionRing(state), deps), stages, printed }
  }

  it('RX.14 reach the backend’s ring, derived, before the sidecar signs with them', async () => {
    const [old] = masters()
    const { stages, printed } = await rotateAssertions()
    const [now, before] = masters()
    const [a, b] = [old?.keyId, now?.keyId]
    expect(stages).toEqual([
      { master: [a], backend: [a] },
      { master: [a, b], backend: [a, b] },
      { master: [b, a], backend: [b, a] },
    ])
    expect(before?.retiredAt).toBe(new Date(startMs).toISOString())
    const master = Buffer.from(now?.secret ?? '', 'base64url')
    expect(derived()[0]?.secret).toEqual(deriveAssertionKey(master, 'ws-backend'))
    // The sidecar reads the ring as it is, the backend nothing that it has no use for.
    expect(parseAssertionRing(readFileSync(state.assertionMaster, 'utf8'))).toHaveLength(2)
    expect(readFileSync(state.assertionBackend, 'utf8')).not.toContain('retiredAt')
    for (const { secret } of masters()) expect(printed.all()).not.toContain(secret)
    expect(statSync(state.assertionBackend).mode & 0o777).toBe(0o600)
  })

  it('RX.14 go a minute after they signed last', async () => {
    await rotateAssertions()
    const [signing] = masters()
    nowMs += 60_000
    const { stages } = await rotateAssertions()
    expect(stages.at(-1)).toMatchObject({ master: [masters()[0]?.keyId, signing?.keyId] })
    expect(derived()).toHaveLength(2)
  })

  it('RX.14 wait for backends that are not ours: the second run lets the new key sign', async () => {
    writeBackendKeys(state, ['games'])
    const [old] = masters()
    const { isDone, printed } = await rotateAssertions()
    expect(isDone).toBe(true)
    expect(printed.all()).toContain('games')
    expect(masters()[0]).toEqual(old)
    const games = readFileSync(assertionKeys(state, 'games'), 'utf8')
    expect(parseAssertionRing(games).map(({ keyId }) => keyId)).toEqual(
      masters().map(({ keyId }) => keyId),
    )
    await rotateAssertions()
    expect(masters()[1]?.keyId).toBe(old?.keyId)
  })

  it('RX.14 are derived again when a run was broken off between the master and the backends', async () => {
    const before = readFileSync(state.assertionBackend, 'utf8')
    await rotateAssertions('verifies')
    writeFileSync(state.assertionBackend, before)
    const { stages } = await rotateAssertions()
    const [old, pending] = [masters()[1]?.keyId, masters()[0]?.keyId]
    expect(stages[1]).toEqual({ master: [old, pending], backend: [old, pending] })
  })
})
