// The internal authority's and every role's certificate on disk: made at first run and renewed before they run out.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ServiceRole, serviceRoles } from '@sallyport/contracts/service-role'
import {
  preparePrivateFolder,
  type StatePaths,
  tlsDirectory,
  writePrivateFile,
} from '../state-folder.ts'
import { type IssuedIdentity, makeAuthority } from './issue-certificates.ts'

const dayMs = 86_400_000
const renewBelowDays = 30

/** Keeps good certificates, else makes a new authority and all roles anew. Returns whether it made any. */
export async function ensureCertificates(paths: StatePaths, now: () => number): Promise<boolean> {
  if (serviceRoles.every((role) => isGood(paths, role, now()))) return false
  const authority = await makeAuthority(now())
  writeIdentity(tlsDirectory(paths, 'authority'), authority)
  for (const role of serviceRoles) {
    const directory = tlsDirectory(paths, role)
    writeIdentity(directory, await authority.issue(role, now()))
    writePrivateFile(join(directory, 'authority.pem'), authority.certificate)
  }
  return true
}

/** True when a role's files belong together, name the role and last long enough. */
function isGood(paths: StatePaths, role: ServiceRole, nowMs: number): boolean {
  try {
    const read = (directory: string, name: string) => readFileSync(join(directory, name), 'utf8')
    const directory = tlsDirectory(paths, role)
    const authorityText = read(tlsDirectory(paths, 'authority'), 'certificate.pem')
    const authority = new X509Certificate(authorityText)
    const certificate = new X509Certificate(read(directory, 'certificate.pem'))
    const lastsUntilMs = Math.min(...[authority, certificate].map((one) => Date.parse(one.validTo)))
    return (
      read(directory, 'authority.pem') === authorityText &&
      certificate.verify(authority.publicKey) &&
      certificate.checkHost(role) !== undefined &&
      matchesKey(certificate, read(directory, 'key.pem')) &&
      lastsUntilMs - nowMs >= renewBelowDays * dayMs
    )
  } catch {
    // Missing, cut short or not PEM: all the same to us, new ones are made.
    return false
  }
}

function matchesKey(certificate: X509Certificate, keyPem: string): boolean {
  return certificate.checkPrivateKey(createPrivateKey(keyPem))
}

/** The key first: whoever finds a new certificate finds its key as well. */
function writeIdentity(directory: string, { certificate, key }: IssuedIdentity): void {
  preparePrivateFolder(directory)
  writePrivateFile(join(directory, 'key.pem'), key)
  writePrivateFile(join(directory, 'certificate.pem'), certificate)
}
