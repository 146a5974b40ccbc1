// Who signs the tokens of the cold figures, and what the sidecar and the floor must be told about it.

import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import type { Mint } from '../load/load-protocol.ts'
import { signToken } from '../load/mint.ts'
import { cores } from '../processes.ts'
import type { JoseTask } from '../servers/jose-task.ts'
import { startServer } from '../servers/start-server.ts'
import type { Secrets } from '../stack/launcher-parts.ts'
import { builtInIssuer } from '../stack/sidecar.ts'

export type ColdIssuer = {
  /** Variables of a sidecar that trusts this issuer. */
  readonly settings: Readonly<Record<string, string>>
  /** Tokens to send, given one from a login at that sidecar. */
  readonly tokensLike: (token: string) => Mint
  /** What jose is to demand of them. */
  readonly task: JoseTask
}

const audience = 'sallyport'

/** The sidecar's own issuer: the key is in the state folder. */
export async function startBuiltInIssuer(_: Context, secrets: Secrets): Promise<ColdIssuer> {
  const [privateKey] = readKeySet(secrets.tokenKeysFile)
  return {
    settings: {},
    tokensLike: (token) => ({ template: token, privateKey, kinds: ['valid'] }),
    task: taskOf(privateKey, builtInIssuer, 'ES256'),
  }
}

/** An issuer with an Ed25519 key, whose key set the sidecar fetches from this machine. */
export async function startTrustedIssuer(context: Context, secrets: Secrets): Promise<ColdIssuer> {
  const exported = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const privateKey = { ...exported, kid: 'bench', alg: 'EdDSA', use: 'sig' }
  const issuer = 'https://issuer.example.com'
  const task = taskOf(privateKey, issuer, 'EdDSA')
  const keySetArguments = [secrets.sidecarTls, JSON.stringify(task.keySet)]
  const { port } = await startServer(context, 'key-set-server.ts', keySetArguments, cores.load)
  const policyFile = join(context.scratch, 'sallyport.yml')
  writeFileSync(policyFile, policyText(issuer, port))
  const nowSeconds = Math.floor(Date.now() / 1000)
  const claims = {
    iss: issuer,
    aud: audience,
    sub: 'alice',
    preferred_username: 'alice',
    sid: 'session-of-alice',
    client_id: 'bench',
    iat: nowSeconds,
    exp: nowSeconds + 1800,
    jti: '',
  }
  const template = signToken({ alg: 'EdDSA', typ: 'at+jwt', kid: 'bench' }, claims, privateKey)
  return {
    settings: {
      SALLYPORT_POLICY_FILE: policyFile,
      // The key set's server shows a certificate of the run's own authority.
      NODE_EXTRA_CA_CERTS: secrets.authorityFile,
    },
    tokensLike: () => ({ template, privateKey, kinds: ['valid'] }),
    task,
  }
}

function policyText(issuer: string, keySetPort: number): string {
  const entry = {
    issuer,
    keySetUrl: `https://127.0.0.1:${keySetPort}/keys`,
    algorithms: ['EdDSA'],
    tokenType: 'at+jwt',
    audience,
  }
  // JSON is YAML, too. Without routes there is the usual one.
  return JSON.stringify({ version: 1, issuers: [entry] })
}

function taskOf(
  { d: _private, ...publicKey }: JsonWebKey,
  issuer: string,
  algorithm: JoseTask['algorithm'],
): JoseTask {
  return { keySet: { keys: [publicKey] }, issuer, audience, algorithm }
}

function readKeySet(file: string): readonly [JsonWebKey] {
  return (JSON.parse(readFileSync(file, 'utf8')) as { keys: [JsonWebKey] }).keys
}
