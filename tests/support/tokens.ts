// Tokens that the sidecar never issued: signed with its real key from the state folder, or with a stranger's.

import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Stack } from './stack.ts'

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The claims of a compact token, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >
}

/** A token like `model` with some claims changed, properly signed by the system's own key. */
export function resign(stack: Stack, model: string, changes: object): string {
  const file = join(stack.stateFolder, 'keys/token-keys.json')
  const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys: { kid: string }[] }
  return signed(model, changes, keys[0])
}

/** The same signed by nobody we know. */
export function forge(model: string, changes: object = {}): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return signed(model, changes, privateKey.export({ format: 'jwk' }))
}

function signed(model: string, changes: object, jwk: object | undefined): string {
  const [header = ''] = model.split('.')
  const input = `${header}.${part({ ...claimsOf(model), jti: randomUUID(), ...changes })}`
  const signature = sign('sha256', Buffer.from(input), {
    key: jwk as never,
    format: 'jwk',
    dsaEncoding: 'ieee-p1363',
  })
  return `${input}.${signature.toString('base64url')}`
}
