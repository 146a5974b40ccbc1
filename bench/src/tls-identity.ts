// One role's certificate, as every internal hop shows it. The bench has its own copy of these options on purpose:
// a floor that shared the services' code would move with it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Reads the PEM texts of one role's folder. */
export function readIdentity(folder: string) {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  return { ca: read('authority.pem'), cert: read('certificate.pem'), key: read('key.pem') }
}

/** Options of a listener that asks for a certificate, as the sidecar's. */
export function listenerOptions(folder: string) {
  return {
    ...readIdentity(folder),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  } as const
}

/** Options of a client that shows the certificate of `folder` to the sidecar. */
export function clientOptions(folder: string) {
  return { ...readIdentity(folder), servername: 'auth-sidecar', minVersion: 'TLSv1.3' } as const
}
