// The internal authority and what it issues: one certificate a role. Writes nothing, and knows of no folder but the
// authority's own. The only file that knows the X.509 library.

import 'reflect-metadata'
import { createPrivateKey, webcrypto } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import type { ServiceRole } from '@sallyport/contracts/service-role'
import { type StatePaths, tlsDirectory } from '../state-folder.ts'

const dayMs = 86_400_000
const validDays = 397
/** Clocks of one machine agree; this covers a small step backwards after a time sync. */
const backdateMs = 5 * 60_000

const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** PEM texts. */
export type IssuedIdentity = { readonly certificate: string; readonly key: string }

export type Authority = IssuedIdentity & {
  /** Issues a certificate of one role, with a key of its own. */
  readonly issue: (role: ServiceRole, nowMs: number) => Promise<IssuedIdentity>
}

/** Makes a new authority. */
export async function makeAuthority(nowMs: number): Promise<Authority> {
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
  return authorityOf(certificate, keys.privateKey, await pemTexts(certificate, keys.privateKey))
}

/** Reads the authority of a state folder; throws when it is not there or not whole. */
export async function loadAuthority(paths: StatePaths): Promise<Authority> {
  const read = (name: string) => readFileSync(join(tlsDirectory(paths, 'authority'), name), 'utf8')
  const texts = { certificate: read('certificate.pem'), key: read('key.pem') }
  const der = createPrivateKey(texts.key).export({ format: 'der', type: 'pkcs8' })
  const key = await webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), signing, true, [
    'sign',
  ])
  return authorityOf(new x509.X509Certificate(texts.certificate), key, texts)
}

function authorityOf(
  authority: x509.X509Certificate,
  signingKey: webcrypto.CryptoKey,
  texts: IssuedIdentity,
): Authority {
  return {
    ...texts,
    async issue(role, nowMs) {
      const keys = await makeKeys()
      const { serverAuth, clientAuth } = x509.ExtendedKeyUsage
      // Traefik's forward-auth cannot set a server name, so the sidecar's address itself must name the sidecar.
      const addresses = role === 'auth-sidecar' ? [{ type: 'ip' as const, value: '127.0.0.1' }] : []
      const certificate = await x509.X509CertificateGenerator.create(
        {
          ...validity(nowMs),
          subject: `CN=${role}`,
          issuer: authority.subject,
          publicKey: keys.publicKey,
          signingKey,
          signingAlgorithm: signing,
          extensions: [
            new x509.BasicConstraintsExtension(false, undefined, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
            new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth]),
            new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: role }, ...addresses]),
            await x509.AuthorityKeyIdentifierExtension.create(
              authority.publicKey,
              false,
              webcrypto,
            ),
          ],
        },
        webcrypto,
      )
      return pemTexts(certificate, keys.privateKey)
    },
  }
}

function validity(nowMs: number) {
  const notBefore = new Date(nowMs - backdateMs)
  return { notBefore, notAfter: new Date(notBefore.getTime() + validDays * dayMs) }
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(signing, true, ['sign', 'verify'])
}

async function pemTexts(
  certificate: x509.X509Certificate,
  privateKey: webcrypto.CryptoKey,
): Promise<IssuedIdentity> {
  const exported = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey))
  const key = createPrivateKey({ key: exported, format: 'der', type: 'pkcs8' })
  return {
    certificate: `${certificate.toString('pem').trim()}\n`,
    key: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }
}
