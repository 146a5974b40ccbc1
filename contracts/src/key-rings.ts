// Keys that are replaced while the system runs: the names of their rings, and how a service says which content it has
// taken over. The launcher writes the files, the services follow them, and both compute the same digest.

import { createHash } from 'node:crypto'

/** Every ring there is a rotation for. */
export const keyRingNames = ['token', 'assertion', 'certificates', 'admin'] as const

export type KeyRingName = (typeof keyRingNames)[number]

/** A gauge of each service, 1 for the content in force; its labels are `ring` and `digest`. */
export const keyRingMetric = 'sallyport_key_ring_info'

/** A gauge of each listener's last peer, 1 for the certificate it showed; its labels are `peer`, `port` and `digest`. */
export const peerCertificateMetric = 'sallyport_peer_certificate_info'

const digestLength = 16

/** Stands for the texts of a ring's files, in order. Their secrets are random: 64 bits of a hash tell nothing of them. */
export function digestOfRing(texts: readonly string[]): string {
  const digest = createHash('sha256')
  // With its length before it, no text can be taken for the beginning of another.
  for (const text of texts) digest.update(`${Buffer.byteLength(text)}\n`).update(text)
  return digest.digest('hex').slice(0, digestLength)
}

/** Stands for a certificate, by its SHA-256 fingerprint as Node writes it (`AB:CD:…`). */
export function digestOfFingerprint(fingerprint256: string): string {
  return fingerprint256.replaceAll(':', '').toLowerCase().slice(0, digestLength)
}
