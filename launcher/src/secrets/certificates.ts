// The internal authority and one certificate a role, made at first run and renewed before they run out.
// The only file that knows the X.509 library.

import 'reflect-metadata'
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { type ServiceRole, serviceRoles } from '@sallyport/contracts/service-role'
import {
  preparePrivateFolder,
  type StatePaths,
  tlsDirectory,
  writePrivateFile,
} from '../state-folder.ts'

const dayMs = 86_400_000
const validDays = 397
const renewBelowDays = 30
/** Clocks of one machine agree; this covers a small step backwards after a time sync. */
const backdateMs = 5 * 60_000

const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

type Issuer = { readonly certificate: x509.X509Certificate; readonly keys: webcrypto.CryptoKeyPair }

/** Keeps good certificates, else makes a new authority and all roles anew. Returns whether it made any. */
export async function ensureCertificates(paths: StatePaths, now: () => number): Promise<boolean> {
  if (serviceRoles.every((role) => isGood(paths, role, now()))) return false
  const issuer = await makeAuthority(now())
  const authorityPem = pem(issuer.certificate)
  await writeIdentity(tlsDirectory(paths, 'authority'), issuer)
  for (const role of serviceRoles) {
    const directory = tlsDirectory(paths, role)
    await writeIdentity(directory, await issue(issuer, role, now()))
    writePrivateFile(join(directory, 'authority.pem'), authorityPem)
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

async function makeAuthority(nowMs: number): Promise<Issuer> {
  const keys = await makeKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      ...validity(nowMs),
      name: 'CN=Sallyport internal authority',
      keys,
      signingAlgorithm: signing,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  )
  return { certificate, keys }
}

async function issue(issuer: Issuer, role: ServiceRole, nowMs: number): Promise<Issuer> {
  const keys = await makeKeys()
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage
  // Traefik's forward-auth cannot set a server name, so the sidecar's address itself must name the sidecar.
  const addresses = role === 'auth-sidecar' ? [{ type: 'ip' as const, value: '127.0.0.1' }] : []
  const certificate = await x509.X509CertificateGenerator.create(
    {
      ...validity(nowMs),
      subject: `CN=${role}`,
      issuer: issuer.certificate.subject,
      publicKey: keys.publicKey,
      signingKey: issuer.keys.privateKey,
      signingAlgorithm: signing,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: role }, ...addresses]),
        await x509.AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  )
  return { certificate, keys }
}

function validity(nowMs: number) {
  const notBefore = new Date(nowMs - backdateMs)
  return { notBefore, notAfter: new Date(notBefore.getTime() + validDays * dayMs) }
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(signing, true, ['sign', 'verify'])
}

async function writeIdentity(directory: string, { certificate, keys }: Issuer): Promise<void> {
  preparePrivateFolder(directory)
  const exported = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  const key = createPrivateKey({ key: exported, format: 'der', type: 'pkcs8' })
  writePrivateFile(
    join(directory, 'key.pem'),
    key.export({ format: 'pem', type: 'pkcs8' }).toString(),
  )
  writePrivateFile(join(directory, 'certificate.pem'), pem(certificate))
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`
}
