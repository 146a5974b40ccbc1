// What is wrong with an issuer's keys, in sentences for whoever has to set it right. The faults are the verifier's own.

import { type FetchFault, maxDocumentBytes } from '../tokens/fetch-key-set.ts'
import type { KeyFault, KeySetFault } from '../tokens/key-set.ts'

/** A document that could not be read; `status` is what its server answered, if it did. */
export function fetchReason(fault: FetchFault, status: number | undefined): string {
  return fault === 'status' ? `answered ${status ?? 'no 200'}` : fetchReasons[fault]
}

const fetchReasons: Readonly<Record<Exclude<FetchFault, 'status'>, string>> = {
  'plain-http': 'is plain http: that is for localhost, 127.x and [::1] only',
  unreachable: 'could not be reached in 3 seconds: look at the name, the network, the certificate',
  redirect: 'redirects: KEYS must be the final address',
  'content-type': 'is not served as JSON (its Content-Type)',
  'too-large': `is longer than ${maxDocumentBytes / 1024} KiB`,
  'not-json': 'is no JSON, has a member twice, or is nested too deeply',
}

/** A set of which no key is used. */
export const keySetReasons: Readonly<Record<KeySetFault, string>> = {
  'set-form': 'is no key set: {"keys": […]} is expected',
  'too-many-keys': 'has more than 64 keys',
  'private-key': 'holds a private key: tell the provider; nothing of it is used',
}

/** A key that is not used. */
export const keyReasons: Readonly<Record<KeyFault, string>> = {
  'key-id': 'has no kid, or one that is not 1 to 128 plain characters',
  'duplicate-key-id': 'has a kid that another key has, too',
  'not-for-signatures': 'is not for signatures (use, key_ops)',
  algorithm: 'is for none of the algorithms listed',
  'key-form': 'is not of the form its kty and alg ask for',
  'rsa-size': 'is not of 2048 to 8192 bits',
  'rsa-exponent': 'has an unusual exponent',
  'rsa-modulus': 'has a modulus that is known to be weak',
}
