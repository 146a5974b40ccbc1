import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@prometheus-io/client'
import { digestOfRing, keyRingMetric } from '@sallyport/contracts/key-rings'
import { expect, it, vi } from 'vitest'
import { followRing } from './followed-ring.ts'
import { createRingReport } from './ring-report.ts'

const line = (ring: string, text: string) =>
  `${keyRingMetric}{ring="${ring}",digest="${digestOfRing([text])}"} 1`

function reporting() {
  const registry = new Registry()
  const log = { info: vi.fn(), error: vi.fn() }
  const report = createRingReport(registry, log)
  const samples = async () =>
    (await registry.metrics()).split('\n').filter((each) => each !== '' && !each.startsWith('#'))
  return { log, report, samples }
}

it('RX.14 shows what is in force of each ring, and nothing that was before', async () => {
  const { report, samples } = reporting()
  report.taken('token', digestOfRing(['a']))
  report.taken('assertion', digestOfRing(['x']))
  report.taken('token', digestOfRing(['b']))
  report.sawPeer('traefik', 1000, 'one')
  report.sawPeer('traefik', 2000, 'one')
  report.sawPeer('traefik', 1000, 'two')
  const peer = (port: number, digest: string) =>
    `sallyport_peer_certificate_info{peer="traefik",port="${port}",digest="${digest}"} 1`
  expect(await samples()).toEqual([
    line('token', 'b'),
    line('assertion', 'x'),
    peer(1000, 'two'),
    peer(2000, 'one'),
  ])
})

it('RX.14 shows a ring once it is read, stays with it over a faulty file, and says so without its content', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-ring-'))
  const path = join(folder, 'keys.json')
  const write = (text: string) => {
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  }
  write('{"key":"first"}')
  const { log, report, samples } = reporting()
  const ring = followRing({
    ring: 'token',
    paths: [path],
    initial: { key: 'initial' },
    parse: ([text = '']) => JSON.parse(text) as { key: string },
    report,
  })
  await vi.waitFor(() => expect(ring.current()).toEqual({ key: 'first' }))
  expect(await samples()).toEqual([line('token', '{"key":"first"}')])
  write('{"key":"sec')
  await vi.waitFor(() => expect(log.error).toHaveBeenCalledOnce())
  expect(JSON.stringify(log.error.mock.calls)).not.toContain('sec"')
  expect(ring.current()).toEqual({ key: 'first' })
  expect(await samples()).toEqual([line('token', '{"key":"first"}')])
  write('{"key":"second"}')
  await vi.waitFor(() => expect(ring.current()).toEqual({ key: 'second' }))
  expect(await samples()).toEqual([line('token', '{"key":"second"}')])
  await ring.close()
  rmSync(folder, { recursive: true })
})
