import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { findAdminToken, hashAdminSecret } from './admin-tokens.ts'
import { followAdminTokens, loadAdminTokens, parseAdminTokenRing } from './followed-admin-tokens.ts'

const secretOf = (letter: string) => `spa_${letter.repeat(43)}`
const scopes = ['revoke'] as const
const entry = (name: string, letter: string, more: object = {}) => ({
  name,
  hash: hashAdminSecret(secretOf(letter)),
  scopes,
  ...more,
})
const startMs = Date.UTC(2030, 0, 1)
const expiresAt = new Date(startMs + 600_000).toISOString()

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-admin-'))
  path = join(folder, 'admin-tokens.json')
})

afterEach(() => rmSync(folder, { recursive: true }))

function write(tokens: readonly object[]): void {
  writeFileSync(`${path}.new`, JSON.stringify({ tokens }))
  renameSync(`${path}.new`, path)
}

it('RX.14 takes the new secret of a name, and the old one until its moment has come', async () => {
  write([entry('operator', 'a'), entry('reader', 'r')])
  let nowMs = startMs
  const report = { taken: vi.fn(), refused: vi.fn() }
  const ring = followAdminTokens(loadAdminTokens(path), { path, report, now: () => nowMs })
  const nameOf = (letter: string) => findAdminToken(secretOf(letter), ring.current())?.name
  await vi.waitFor(() => expect(report.taken).toHaveBeenCalledTimes(1))
  expect(['a', 'b', 'r'].map(nameOf)).toEqual(['operator', undefined, 'reader'])

  write([entry('operator', 'b'), entry('operator', 'a', { expiresAt }), entry('reader', 'r')])
  await vi.waitFor(() => expect(report.taken).toHaveBeenCalledTimes(2), 5000)
  expect(['a', 'b', 'r'].map(nameOf)).toEqual(['operator', 'operator', 'reader'])
  nowMs = startMs + 600_000 - 1
  expect(nameOf('a')).toBe('operator')
  nowMs = startMs + 600_000
  expect(['a', 'b', 'r'].map(nameOf)).toEqual([undefined, 'operator', 'reader'])

  writeFileSync(path, '{"tokens":[')
  await vi.waitFor(() => expect(report.refused).toHaveBeenCalledWith('admin'), 5000)
  expect(['b', 'r'].map(nameOf)).toEqual(['operator', 'reader'])
  await ring.close()
})

it.each([
  ['two lasting tokens of one name', [entry('operator', 'a'), entry('operator', 'b')]],
  ['a moment that is none', [entry('operator', 'a', { expiresAt: 'soon' })]],
  ['no moment', [entry('operator', 'a', { expiresAt: null })]],
  ['a member nobody knows', [entry('operator', 'a', { expiresAt, expires: 1 })]],
  ['a token that is none', ['spa_']],
])('RX.14 refuses a file with %s', (_what, tokens) => {
  expect(() => parseAdminTokenRing(JSON.stringify({ tokens }))).toThrow()
})

it('RX.14 names the file that is faulty, and nothing of its content', () => {
  writeFileSync(path, secretOf('x'))
  expect(() => loadAdminTokens(path)).toThrow(
    `SIDECAR_ADMIN_TOKENS_FILE: ${path} is not of the expected form`,
  )
})
