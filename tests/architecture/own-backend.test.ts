// The lines that docs/policies.md gives to the author of another backend, run as they stand: on the key file that the
// launcher writes, against what the sidecar signs.

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { StandingIdentity } from '@sallyport/contracts/identity'
import { parseAssertionRing } from '@sallyport/contracts/identity-assertion'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAssertionSigners } from '../../auth-sidecar/src/handshake/assertion-signers.ts'
import { ensureAssertionKeys, writeBackendKeys } from '../../launcher/src/secrets/assertion-keys.ts'
import { assertionKeys, prepareStateFolder, statePaths } from '../../launcher/src/state-folder.ts'
import { documentOf } from './documents.ts'

const run = promisify(execFile)
const webSocketKey = 'AAAAAAAAAAAAAAAAAAAAAA=='
const identity = { subject: 'alice', username: 'Alice' } as unknown as StandingIdentity

let folder: string
let program: string
let signerOf: ReturnType<typeof createAssertionSigners>

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-own-backend-'))
  program = join(folder, 'who-sends.mjs')
  const state = statePaths(join(folder, 'state'))
  prepareStateFolder(state)
  ensureAssertionKeys(state)
  writeBackendKeys(state, ['games'])
  const ring = parseAssertionRing(readFileSync(state.assertionMaster, 'utf8'))
  signerOf = createAssertionSigners(ring, Date.now)
  const [, lines = ''] = /\n```js\n([^]*?)\n```\n/.exec(documentOf('docs/policies.md')) ?? []
  const here = lines
    .replace('.sallyport/keys/assertion-games.json', assertionKeys(state, 'games'))
    .replace("'jose'", `'${import.meta.resolve('jose')}'`)
  const ask =
    'console.log(JSON.stringify(await whoSends({ headers: JSON.parse(process.argv[2]) })))'
  writeFileSync(program, `${here}\n${ask}\n`)
})

afterAll(() => rmSync(folder, { recursive: true }))

const present = { ttlMs: 1000, clientAddress: '127.0.0.9' }

/** What those lines say of an upgrade; rejects when they refuse it. */
async function whoSends(assertion: string, key = webSocketKey): Promise<unknown> {
  const headers = { 'x-sallyport-identity': assertion, 'sec-websocket-key': key }
  const { stdout } = await run(process.execPath, [program, JSON.stringify(headers)])
  return JSON.parse(stdout)
}

it('RX.6 tells another backend who sends an upgrade', async () => {
  const assertion = signerOf('games').sign(identity, present, webSocketKey)
  expect(await whoSends(assertion)).toEqual(identity)
})

it('RX.6 tells it nothing of what was made for ws-backend, for another handshake, or for nobody', async () => {
  const signer = signerOf('games')
  const theirs = signerOf('ws-backend').sign(identity, present, webSocketKey)
  const ours = signer.sign(identity, present, webSocketKey)
  const pending = signer.signPending({ route: 'games', clientAddress: '127.0.0.9' }, webSocketKey)
  await expect(whoSends(theirs)).rejects.toThrow('ERR_JWS_SIGNATURE_VERIFICATION_FAILED')
  await expect(whoSends(ours, 'BBBBBBBBBBBBBBBBBBBBBA==')).rejects.toThrow('another handshake')
  await expect(whoSends(pending)).rejects.toThrow('ERR_JWT_CLAIM_VALIDATION_FAILED')
})
