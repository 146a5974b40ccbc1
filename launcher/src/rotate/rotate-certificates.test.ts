import { X509Certificate } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { digestOfFingerprint, peerCertificateMetric } from '@sallyport/contracts/key-rings'
import { type ServiceRole, serviceRoles } from '@sallyport/contracts/service-role'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ensureCertificates } from '../secrets/certificates.ts'
import { type StatePaths, tlsDirectory } from '../state-folder.ts'
import { rotateCertificates } from './rotate-certificates.ts'
import type { Gate } from './running-services.ts'
import {
  type FakeService,
  followingUntil,
  makeState,
  recordOutput,
  serve,
  startMs,
} from './testing/rotation-fixture.ts'
import { dynamicFiles } from './traefik-names.ts'

const sourceFolder = join(import.meta.dirname, '../../../traefik-config/dynamic')

let state: StatePaths
let remove: () => void
let traefik: FakeService & { readonly refuses: { now: boolean } }

beforeEach(async () => {
  ;({ state, remove } = await makeState())
  mkdirSync(state.traefikDynamic, { recursive: true })
  for (const name of readdirSync(sourceFolder)) {
    writeFileSync(join(state.traefikDynamic, name), readFileSync(join(sourceFolder, name)))
  }
  traefik = await startTraefik()
})

afterEach(async () => {
  await traefik.close()
  remove()
})

const read = (path: string) => readFileSync(path, 'utf8')
const certificateAt = (folder: string) => new X509Certificate(read(join(folder, 'certificate.pem')))
const ownCertificate = (role: ServiceRole) => certificateAt(tlsDirectory(state, role))

/** Every folder of Traefik's own that its dynamic files name. */
function namedFolders(): string[] {
  const names = readdirSync(state.traefikDynamic).flatMap((name) =>
    [
      ...read(join(state.traefikDynamic, name)).matchAll(
        /SALLYPORT_TRAEFIK_TLS" \}\}([^']*\.pem)/g,
      ),
    ].map(([, path = '']) => path.replace(/[^/]+$/, '')),
  )
  return [...new Set(names)]
}

/** Traefik and its sidecar in one: what is asked, is shown the certificate that the dynamic files name now. */
async function startTraefik() {
  const refuses = { now: false }
  let shown = ''
  const service = await serve(
    'auth-sidecar',
    () => `${peerCertificateMetric}{peer="traefik",port="4711",digest="${shown}"} 1\n`,
    () => {
      const [folder = ''] = namedFolders()
      if (refuses.now) return
      const certificate = certificateAt(join(tlsDirectory(state, 'traefik'), folder))
      shown = digestOfFingerprint(certificate.fingerprint256)
    },
  )
  return { ...service, refuses }
}

const gates = (): readonly Gate[] => [
  { public: traefik.management, sidecar: traefik, authPort: '4711' },
]

async function rotate(options: { gates: readonly Gate[]; stopsAt?: string; nowMs?: number }) {
  const printed = recordOutput()
  const stages: string[] = []
  const followUp = followingUntil(options.stopsAt, (stage) => stages.push(stage))
  const isDone = await rotateCertificates({
    state,
    followUp,
    gates: options.gates,
    output: printed.output,
    now: () => options.nowMs ?? startMs,
    deadlineMs: 600,
  })
  return { isDone, stages, printed }
}

it('RX.14 every role gets another certificate and key of the same authority, which up keeps', async () => {
  const before = serviceRoles.map((role) => ownCertificate(role).fingerprint256)
  const authority = certificateAt(tlsDirectory(state, 'authority'))
  const { isDone, printed } = await rotate({ gates: gates() })
  expect(isDone).toBe(true)
  for (const [index, role] of serviceRoles.entries()) {
    const certificate = ownCertificate(role)
    expect(certificate.fingerprint256).not.toBe(before[index])
    expect([certificate.subject, certificate.verify(authority.publicKey)]).toEqual([
      `CN=${role}`,
      true,
    ])
    const key = join(tlsDirectory(state, role), 'key.pem')
    expect(statSync(key).mode & 0o777).toBe(0o600)
    expect(printed.all()).not.toContain(read(key).split('\n')[1])
  }
  expect(await ensureCertificates(state, () => startMs)).toBe(false)
})

it('RX.14 Traefik is given new names, which lead to a whole identity', async () => {
  expect(namedFolders()).toEqual(['/'])
  await rotate({ gates: gates(), nowMs: startMs + 1 })
  expect(namedFolders()).toEqual([`/since-${startMs + 1}/`])
  const folder = join(tlsDirectory(state, 'traefik'), `since-${startMs + 1}`)
  expect(readdirSync(folder).toSorted()).toEqual(['authority.pem', 'certificate.pem', 'key.pem'])
  expect(read(join(folder, 'key.pem'))).toBe(read(join(tlsDirectory(state, 'traefik'), 'key.pem')))
  await rotate({ gates: gates(), nowMs: startMs + 2 })
  await rotate({ gates: gates(), nowMs: startMs + 3 })
  expect(namedFolders()).toEqual([`/since-${startMs + 3}/`])
  const folders = readdirSync(tlsDirectory(state, 'traefik')).filter((name) => !name.includes('.'))
  expect(folders).toEqual([`since-${startMs + 2}`, `since-${startMs + 3}`])
})

it('RX.14 what says how services are reached is changed last: seen in force, it stands for all', () => {
  const names = dynamicFiles(state).map((path) => basename(path))
  expect(names).toHaveLength(readdirSync(sourceFolder).length)
  expect(names.at(-1)).toBe('services.yml')
})

it('RX.14 what a change of sallyport.yml rendered meanwhile gets the new names, too', async () => {
  await rotate({ gates: gates(), nowMs: startMs + 1 })
  const routes = join(state.traefikDynamic, 'routes.yml')
  writeFileSync(routes, read(join(sourceFolder, 'routes.yml')))
  await rotate({ gates: gates(), nowMs: startMs + 2 })
  expect(namedFolders()).toEqual([`/since-${startMs + 2}/`])
})

it('RX.14 what Traefik’s files name is not written into before it has taken the new ones over', async () => {
  const before = ownCertificate('traefik').fingerprint256
  traefik.refuses.now = true
  const { isDone, printed } = await rotate({ gates: gates() })
  expect([isDone, ownCertificate('traefik').fingerprint256]).toEqual([false, before])
  expect(printed.errors.join()).toContain('make logs SERVICE=traefik')
  traefik.refuses.now = false
  expect((await rotate({ gates: gates(), nowMs: startMs + 1 })).isDone).toBe(true)
})

it('RX.14 nothing changes while a service does not follow; Traefik waits for the services', async () => {
  const before = serviceRoles.map((role) => ownCertificate(role).fingerprint256)
  const refused = await rotate({ gates: gates(), stopsAt: 'follows' })
  expect(refused.isDone).toBe(false)
  expect(serviceRoles.map((role) => ownCertificate(role).fingerprint256)).toEqual(before)
  expect((await rotate({ gates: gates(), stopsAt: 'shows' })).isDone).toBe(false)
  expect(namedFolders()).toEqual(['/'])
})

it('RX.14 where nothing runs the files are for the next start, under their usual names', async () => {
  const before = ownCertificate('traefik').fingerprint256
  expect((await rotate({ gates: [] })).isDone).toBe(true)
  expect(ownCertificate('traefik').fingerprint256).not.toBe(before)
  expect(namedFolders()).toEqual(['/'])
})
