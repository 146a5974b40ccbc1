// The folder of one native run: names of its files, and how they are written. Knows no content.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { ServiceRole } from '@sallyport/contracts/service-role'
import { maxReplicas } from './topology.ts'

/** Absolute paths inside one state folder. */
export type StatePaths = ReturnType<typeof statePaths>

/** Names every path of a state folder; touches nothing. */
export function statePaths(folder: string) {
  const directory = resolve(folder)
  const keys = join(directory, 'keys')
  const logs = join(directory, 'logs')
  return {
    directory,
    keys,
    logs,
    endpoints: join(directory, 'endpoints.json'),
    credentials: join(directory, 'credentials.json'),
    users: join(directory, 'users.json'),
    launcherPid: join(directory, 'launcher.pid'),
    children: join(directory, 'children.json'),
    policyFaults: join(directory, 'policy-faults.json'),
    tls: join(keys, 'tls'),
    adminTokens: join(keys, 'admin-tokens.json'),
    redisPassword: join(keys, 'redis-auth-sidecar'),
    tokenKeys: join(keys, 'token-keys.json'),
    assertionMaster: join(keys, 'assertion-master.json'),
    assertionBackend: join(keys, 'assertion-ws-backend.json'),
    traefik: join(directory, 'traefik'),
    traefikDynamic: join(directory, 'traefik', 'dynamic'),
    redis: join(directory, 'redis'),
    redisConfig: join(directory, 'redis', 'redis.conf'),
    redisUsers: join(directory, 'redis', 'users.acl'),
    launcherLog: join(logs, 'launcher.log'),
    auditLog: join(logs, 'audit.log'),
  } as const
}

/** The folder of one role's certificate. */
export function tlsDirectory(paths: StatePaths, role: ServiceRole | 'authority'): string {
  return join(paths.tls, role)
}

/** The file of the keys that assertions for one backend are signed with. */
export function assertionKeys(paths: StatePaths, backend: string): string {
  return join(paths.keys, `assertion-${backend}.json`)
}

/** The log file of one process. */
export function serviceLog(paths: StatePaths, name: string): string {
  return join(paths.logs, `${name}.log`)
}

/** What one Traefik writes of the requests that it carried. */
export function accessLog(paths: StatePaths, name: string): string {
  return join(paths.logs, `${name}-access.log`)
}

/** The static configuration of one Traefik; the dynamic one they share. */
export function traefikStatic(paths: StatePaths, name: string): string {
  return join(paths.traefik, `${name}.yml`)
}

/** Where one sidecar keeps what must outlive it: two would spoil it for each other. */
export function authorityFolder({ directory }: StatePaths, replica: number): string {
  return join(directory, replica === 0 ? 'authority' : `authority-${replica + 1}`)
}

/** Those of all sidecars that a run may have. */
export function authorityFolders(paths: StatePaths): string[] {
  return Array.from({ length: maxReplicas }, (_none, replica) => authorityFolder(paths, replica))
}

/** Makes the folder and the rooms that every run has, readable by their owner only. */
export function prepareStateFolder(paths: StatePaths): void {
  if (!existsSync(paths.directory)) mkdirSync(paths.directory, { recursive: true, mode: 0o700 })
  const rooms = [paths.keys, paths.logs, paths.tls, paths.traefik]
  for (const room of rooms) preparePrivateFolder(room)
}

/** Makes one folder with mode 0700, also when it stood already with a wider one. */
export function preparePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
}

/** Writes a file of mode 0600 in one step: a reader sees the old text or the new one, never a part. */
export function writePrivateFile(
  path: string,
  text: string,
  temporary = `${path}.${process.pid}.new`,
): void {
  rmSync(temporary, { force: true })
  writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' })
  renameSync(temporary, path)
}

/** Writes a value as JSON the same way. */
export function writePrivateJson(path: string, value: unknown): void {
  writePrivateFile(path, `${JSON.stringify(value, null, 2)}\n`)
}

/** The parsed content of a JSON file; undefined when it is missing or no JSON. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * Deletes what a native run makes, name by name, then the folder if nothing else is in it:
 * a mistyped SALLYPORT_STATE must not cost anybody a home folder. Returns whether the folder is gone.
 */
export function deleteStateFolder(paths: StatePaths): boolean {
  const { endpoints, credentials, users, launcherPid, children, policyFaults } = paths
  const files = [endpoints, credentials, users, launcherPid, children, policyFaults]
  const folders = [paths.keys, paths.logs, paths.traefik, paths.redis, ...authorityFolders(paths)]
  const ours = [...files, ...folders]
  for (const path of [...ours, ...claimParts(paths)]) {
    rmSync(path, { recursive: true, force: true })
  }
  try {
    rmdirSync(paths.directory)
  } catch {
    // Not empty, or never there: the caller tells which.
  }
  return !existsSync(paths.directory)
}

/** What a launcher that was killed while it claimed the folder left beside its claim. */
function claimParts({ directory, launcherPid }: StatePaths): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((name) => name.startsWith(`${basename(launcherPid)}.`))
    .map((name) => join(directory, name))
}
