// What the bench takes from the launcher: secrets as `make up` makes them, the Traefik that `make up` finds, and
// the static file that `make up` renders. The only file of the bench that knows the launcher's code.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureSecrets } from '../../../launcher/src/secrets/ensure-secrets.ts'
import { statePaths } from '../../../launcher/src/state-folder.ts'
import { findTraefik } from '../../../launcher/src/traefik/find-traefik.ts'
import { renderStaticConfig } from '../../../launcher/src/traefik/render-static-config.ts'
import type { Context } from '../context.ts'

export type User = { readonly username: string; readonly password: string }

export type Secrets = {
  /** Folders of certificates, for settings that name a folder. */
  readonly sidecarTls: string
  readonly traefikTls: string
  readonly tokenKeysFile: string
  readonly assertionKeysFile: string
  readonly usersFile: string
  /** The authority that signed every certificate of the run. */
  readonly authorityFile: string
  /** Who asks the gate, and who only floods it with logins. */
  readonly user: User
  readonly otherUser: User
}

/** Makes the secrets of a run below `folder`; they go with the scratch folder. */
export async function makeSecrets(folder: string): Promise<Secrets> {
  const paths = statePaths(folder)
  await ensureSecrets(paths, Date.now)
  const { users } = JSON.parse(readFileSync(paths.credentials, 'utf8')) as {
    users: User[]
  }
  const [user, otherUser] = users
  if (!user || !otherUser) throw new Error('the launcher made no two demo users')
  return {
    sidecarTls: join(paths.tls, 'auth-sidecar'),
    traefikTls: join(paths.tls, 'traefik'),
    tokenKeysFile: paths.tokenKeys,
    assertionKeysFile: paths.assertionMaster,
    usersFile: paths.users,
    authorityFile: join(paths.tls, 'authority', 'certificate.pem'),
    user,
    otherUser,
  }
}

/** Path of the Traefik that `make up` would use without building one; undefined when there is none. */
export async function findTraefikBinary({ root, inherited }: Context): Promise<string | undefined> {
  return (await findTraefik(root, inherited))?.path
}

export type StaticFileOptions = {
  readonly publicPort: number
  readonly managementPort: number
  readonly dynamicDirectory: string
  readonly accessLog: string
}

/** The text of production's static file with the addresses and paths of this run. */
export function renderStaticFile({ root }: Context, options: StaticFileOptions): string {
  const source = readFileSync(join(root, 'traefik-config', 'traefik.yml'), 'utf8')
  return renderStaticConfig(source, { ...options, hasIpv6Loopback: false })
}
