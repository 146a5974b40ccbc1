// New certificates for every role, by the authority that is there: old and new ones are good side by side, so nobody has
// to wait for anybody. The services follow their files; Traefik is given new names.

import { X509Certificate } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { digestOfFingerprint, peerCertificateMetric } from '@sallyport/contracts/key-rings'
import { serviceRoles } from '@sallyport/contracts/service-role'
import type { Output } from '../context.ts'
import {
  type Authority,
  type IssuedIdentity,
  loadAuthority,
} from '../secrets/issue-certificates.ts'
import {
  preparePrivateFolder,
  type StatePaths,
  tlsDirectory,
  writePrivateFile,
} from '../state-folder.ts'
import type { FollowUp } from './follow-up.ts'
import { type Gate, readDigest, readText } from './running-services.ts'
import { nameFolder } from './traefik-names.ts'
import { followDeadlineMs, waitForAll } from './wait-for-services.ts'

export type RotateCertificatesDeps = {
  readonly state: StatePaths
  readonly followUp: FollowUp
  /** Empty when nothing runs. */
  readonly gates: readonly Gate[]
  readonly output: Pick<Output, 'line' | 'error'>
  readonly now: () => number
  readonly deadlineMs?: number
}

/** The gate itself would count faster questions as a flood. */
const gatePollMs = 250
/** The folder in force and the one before it, which Traefik may read a last time. */
const keptFolders = 2

/** Rotates; false when it had to stop on the way, with the reason said. */
export async function rotateCertificates(deps: RotateCertificatesDeps): Promise<boolean> {
  const { state, followUp, output, now } = deps
  if (!(await followUp.isInForce('certificates', 'follows its certificate'))) return false
  const authority = await loadAuthority(state)
  for (const role of serviceRoles) {
    if (role !== 'traefik') writeLeaf(tlsDirectory(state, role), await authority.issue(role, now()))
  }
  if (!(await followUp.isInForce('certificates', 'shows a new certificate'))) return false
  const traefik = await authority.issue('traefik', now())
  const isTaken = await handToTraefik(authority, traefik, deps)
  if (isTaken) sayAuthority(authority, output)
  return isTaken
}

async function handToTraefik(
  authority: Authority,
  traefik: IssuedIdentity,
  deps: RotateCertificatesDeps,
): Promise<boolean> {
  const { state, gates, now } = deps
  const own = tlsDirectory(state, 'traefik')
  if (gates.length === 0) {
    writeLeaf(own, traefik)
    return true
  }
  const folder = `since-${now()}`
  writeLeaf(join(own, folder), traefik)
  writePrivateFile(join(own, folder, 'authority.pem'), authority.certificate)
  nameFolder(state, folder)
  if (!(await isShownBy(gates, traefik, deps))) return false
  // For the next start, and for a change of sallyport.yml, which renders the usual names.
  writeLeaf(own, traefik)
  // Had it been rendered while these were written, Traefik might have read a key without its certificate.
  nameFolder(state, folder)
  removeOldFolders(own)
  return true
}

/** Waits until a new connection for a plain request shows the certificate: then Traefik has applied the last change. */
async function isShownBy(
  gates: readonly Gate[],
  { certificate }: IssuedIdentity,
  { output, deadlineMs = followDeadlineMs }: RotateCertificatesDeps,
): Promise<boolean> {
  const digest = digestOfFingerprint(new X509Certificate(certificate).fingerprint256)
  const nameOf = (index: number) => (gates.length > 1 ? `traefik ${index + 1}` : 'traefik')
  const expected = gates.map(({ public: address, sidecar, authPort: port }, index) => ({
    name: nameOf(index),
    async isThere() {
      // It connects anew only when it has something to ask.
      await readText(new URL('/auth/.well-known/jwks.json', address).href)
      const shown = await readDigest(sidecar, peerCertificateMetric, { peer: 'traefik', port })
      return shown === digest
    },
  }))
  const outcome = await waitForAll(expected, {
    deadlineMs,
    pollMs: gatePollMs,
    onThere: (name, tookMs) =>
      output.line(`  shows a new certificate: ${name} (${Math.round(tookMs)} ms)`),
  })
  if (outcome.ok) return true
  for (const name of outcome.error) {
    output.error(`${name} has not taken its certificate over; why: make logs SERVICE=traefik`)
  }
  output.error('The certificates before are good for their time; nobody was shut out.')
  return false
}

/** In one step each; in between, key and certificate do not fit, and no follower takes that. */
function writeLeaf(directory: string, { certificate, key }: IssuedIdentity): void {
  preparePrivateFolder(directory)
  writePrivateFile(join(directory, 'key.pem'), key)
  writePrivateFile(join(directory, 'certificate.pem'), certificate)
}

function removeOldFolders(own: string): void {
  const folders = readdirSync(own, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.startsWith('since-'))
    .map(({ name }) => name)
    .toSorted()
  for (const name of folders.slice(0, -keptFolders)) {
    rmSync(join(own, name), { recursive: true, force: true })
  }
}

function sayAuthority({ certificate }: Authority, output: Pick<Output, 'line'>): void {
  const until = new Date(new X509Certificate(certificate).validTo).toISOString().slice(0, 10)
  output.line(
    `The authority itself is good until ${until}; make up makes another in its last month.`,
  )
}
