import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AssertionKey,
  backendAudience,
  createAssertionSigner,
  verifyAssertion,
} from '@sallyport/contracts/identity-assertion'
import { expect, it, vi } from 'vitest'
import { followAssertionKeys } from './assertion-keys.ts'

const webSocketKey = 'AAAAAAAAAAAAAAAAAAAAAA=='
const key = (keyId: string): AssertionKey => ({
  keyId,
  secret: new Uint8Array(32).fill(keyId.length),
})
const textOf = (keys: readonly AssertionKey[]) =>
  JSON.stringify({
    keys: keys.map(({ keyId, secret }) => ({
      keyId,
      secret: Buffer.from(secret).toString('base64url'),
    })),
  })

it('RX.14 believes what keys of the ring as it is now have signed, and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-assertion-'))
  const path = join(folder, 'ring.json')
  const [old, added] = [key('old'), key('newer')]
  const report = { taken: vi.fn(), refused: vi.fn() }
  const write = (text: string) => {
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  }
  write(textOf([old]))
  const ring = followAssertionKeys(path, report)
  const isBelieved = async (by: AssertionKey) => {
    const signer = createAssertionSigner(by, backendAudience, Date.now)
    const assertion = signer.signPending({ route: 'a', clientAddress: '192.0.2.1' }, webSocketKey)
    const binding = { audience: backendAudience, webSocketKey }
    return (await verifyAssertion(assertion, ring.current(), binding, Date.now)).ok
  }
  const believed = async () => [await isBelieved(old), await isBelieved(added)]
  await vi.waitFor(() => expect(report.taken).toHaveBeenCalledTimes(1))
  expect(await believed()).toEqual([true, false])
  write(textOf([old, added]))
  await vi.waitFor(() => expect(report.taken).toHaveBeenCalledTimes(2), 5000)
  expect(await believed()).toEqual([true, true])
  write(textOf([{ ...added, secret: new Uint8Array(16) }]))
  await vi.waitFor(() => expect(report.refused).toHaveBeenCalledWith('assertion'), 5000)
  expect(await believed()).toEqual([true, true])
  write(textOf([added]))
  await vi.waitFor(() => expect(report.taken).toHaveBeenCalledTimes(3), 5000)
  expect(await believed()).toEqual([false, true])
  await ring.close()
  rmSync(folder, { recursive: true })
})
