// Every internal hop: TLS 1.3, both ends show a certificate of the internal authority, and each end
// accepts exactly one role of the other. A certificate of our authority alone is not enough.

import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServiceRole } from '@sallyport/contracts/service-role'

/** PEM texts of one role. */
export type TlsIdentity = { readonly ca: string; readonly cert: string; readonly key: string }

const fileNames = { ca: 'authority.pem', cert: 'certificate.pem', key: 'key.pem' } as const

/** Reads `authority.pem`, `certificate.pem` and `key.pem` from the folder of one role. */
export function loadTlsIdentity(directory: string): TlsIdentity {
  const read = (name: string) => readFileSync(join(directory, name), 'utf8')
  return { ca: read(fileNames.ca), cert: read(fileNames.cert), key: read(fileNames.key) }
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
export function clientTlsOptions(identity: TlsIdentity, serverRole: ServiceRole) {
  return { ...identity, servername: serverRole, minVersion: 'TLSv1.3' } as const
}
