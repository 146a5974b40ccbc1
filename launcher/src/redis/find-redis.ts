// Finds a redis-server that will do: access lists with selectors came with 7.0. Installs nothing.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { err, ok, type Result } from '@sallyport/contracts/result'
import type { UserSettings } from '../context.ts'
import { findOnPath } from '../find-on-path.ts'

const oldestMajor = 7
const timeoutMs = 10_000

/** What to do when there is none, or one that is too old. */
export const redisRemedy = `put redis-server ${oldestMajor}.0 or newer on PATH (Debian: apt-get install redis-server)`

type FoundRedis = {
  readonly path: string
  /** `redis-server 7.0.15`. */
  readonly said: string
  readonly isNewEnough: boolean
}

/** The redis-server on the user's PATH, whatever its age; undefined when there is none. */
export async function findRedis(settings: UserSettings): Promise<FoundRedis | undefined> {
  const path = findOnPath('redis-server', settings)
  if (!path) return undefined
  const options = { env: { ...settings }, timeout: timeoutMs }
  const answer = await promisify(execFile)(path, ['--version'], options).catch(() => undefined)
  const [, version = '', major = 0] = /\bv=((\d+)[\d.]*)/.exec(answer?.stdout ?? '') ?? []
  const said = version === '' ? `${path} without a version` : `redis-server ${version}`
  return { path, said, isNewEnough: Number(major) >= oldestMajor }
}

/** The path of a usable one; the error says what is wrong and how to mend it. */
export async function requireRedis(settings: UserSettings): Promise<Result<string, string>> {
  const found = await findRedis(settings)
  if (found?.isNewEnough) return ok(found.path)
  const { REPLICAS = '1' } = settings
  const asking = REPLICAS === '1' ? 'STATE=redis' : `REPLICAS=${REPLICAS}`
  const why = found ? `${found.said} is too old, ` : ''
  return err(`${asking} needs a redis-server: ${why}${redisRemedy}`)
}
