// Every internal hop: TLS 1.3, both ends show a certificate of the internal authority, and each end
// accepts exactly one role of the other. A certificate of our authority alone is not enough.

import { X509Certificate } from 'node:crypto'
import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { ServiceRole } from '@sallyport/contracts/service-role'
import { followRing, type RingReport } from './followed-ring.ts'
import type { PeerReport } from './ring-report.ts'

/** PEM texts of one role. `ca` may hold several authorities while one takes over from another. */
export type TlsIdentity = {
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** There when the texts may change: calls back after each change, until what it returns is called. */
  readonly onChange?: (listener: () => void) => () => void
  /** Told the certificate of each peer that was let in, and at which port. */
  readonly sawPeer?: PeerReport['sawPeer']
}

const fileNames = { ca: 'authority.pem', cert: 'certificate.pem', key: 'key.pem' } as const

/** Reads `authority.pem`, `certificate.pem` and `key.pem` from the folder of one role. */
export function loadTlsIdentity(directory: string): TlsIdentity {
  const read = (name: string) => readFileSync(join(directory, name), 'utf8')
  return { ca: read(fileNames.ca), cert: read(fileNames.cert), key: read(fileNames.key) }
}

export type FollowedTlsIdentity = TlsIdentity & { readonly close: () => Promise<void> }

/**
 * Reads the folder of one role and follows it: what it returns always says the texts in force, so that new connections
 * use the new ones and live ones go on. Throws when the folder cannot be read now.
 */
export function followTlsIdentity(
  directory: string,
  report: RingReport & PeerReport,
): FollowedTlsIdentity {
  const listeners = new Set<() => void>()
  const followed = followRing({
    ring: 'certificates',
    paths: Object.values(fileNames).map((name) => join(directory, name)),
    initial: loadTlsIdentity(directory),
    parse: parseTlsIdentity,
    report,
    onTaken: () => {
      for (const listener of listeners) listener()
    },
  })
  const { current, close } = followed
  return {
    get ca() {
      return current().ca
    },
    get cert() {
      return current().cert
    },
    get key() {
      return current().key
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    sawPeer: report.sawPeer,
    close,
  }
}

/** Throws unless key, certificate and authority belong together and name whom they named before. */
function parseTlsIdentity(texts: readonly string[], before: TlsIdentity): TlsIdentity {
  const [ca = '', cert = '', key = ''] = texts
  createSecureContext({ ca, cert, key })
  const certificate = new X509Certificate(cert)
  if (certificate.subject !== new X509Certificate(before.cert).subject) {
    throw new Error('the certificate names somebody else')
  }
  const isIssued = authoritiesIn(ca).some(({ publicKey }) => certificate.verify(publicKey))
  if (!isIssued) throw new Error('the certificate is of another authority')
  return { ca, cert, key }
}

function authoritiesIn(pem: string): X509Certificate[] {
  const texts = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return texts.map((text) => new X509Certificate(text))
}

/** True for a folder that `loadTlsIdentity` can read; for settings. */
export function holdsTlsIdentity(directory: string): boolean {
  try {
    for (const name of Object.values(fileNames)) accessSync(join(directory, name), constants.R_OK)
    return true
  } catch {
    return false
  }
}

/** Options for a client of `serverRole`: the server's certificate must carry that role's DNS name. */
export function clientTlsOptions({ ca, cert, key }: TlsIdentity, serverRole: ServiceRole) {
  return { ca, cert, key, servername: serverRole, minVersion: 'TLSv1.3' } as const
}
