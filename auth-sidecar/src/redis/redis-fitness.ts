// Whether a Redis may hold authority, from what it says of itself. Pure: the text of INFO in, a fault out.

export type RedisFault = {
  readonly reason:
    | 'evicts'
    | 'too-old'
    | 'replica'
    | 'loading'
    | 'refused'
    | 'not-permitted'
    | 'not-understood'
  /** What to do, as a sentence for an operator. */
  readonly remedy: string
  /** It passes by itself, so that a start may wait for that. */
  readonly isPassing: boolean
}

const minMajor = 7

/** What keeps it from being used now; undefined when nothing does. */
export function redisFault(info: string): RedisFault | undefined {
  const fields = new Map(
    info.split(/\r?\n/).flatMap((line): [string, string][] => {
      const colon = line.indexOf(':')
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)]] : []
    }),
  )
  const policy = fields.get('maxmemory_policy')
  const major = Number.parseInt(fields.get('redis_version') ?? '', 10)
  if (policy === undefined || Number.isNaN(major)) return faults.notUnderstood
  if (major < minMajor) return faults.tooOld
  // Also while no `maxmemory` is set: it can be set at any time, and what is evicted first may be a revocation.
  if (policy !== 'noeviction') return faults.evicts
  if (fields.get('loading') === '1') return faults.loading
  return fields.get('role') === 'master' ? undefined : faults.replica
}

/** The fault of a user that may not even ask. */
export const notPermitted: RedisFault = {
  reason: 'not-permitted',
  remedy: 'give the Redis user the rule of the sidecar (contracts/src/redis-acl.ts)',
  isPassing: false,
}

/** The fault of a server that does not let us in. */
export const refused: RedisFault = {
  reason: 'refused',
  remedy: 'check the user in the URL of Redis, the password file, and that the user is on',
  isPassing: false,
}

const faults = {
  notUnderstood: {
    reason: 'not-understood',
    remedy: 'use Redis 7.0 or newer, or Valkey: this server does not say its version and policy',
    isPassing: false,
  },
  tooOld: { reason: 'too-old', remedy: 'use Redis 7.0 or newer, or Valkey', isPassing: false },
  evicts: {
    reason: 'evicts',
    remedy:
      'set `maxmemory-policy noeviction` in Redis: under any other it may drop revocations when memory is short',
    isPassing: false,
  },
  loading: { reason: 'loading', remedy: 'wait until Redis has read its data', isPassing: true },
  replica: {
    reason: 'replica',
    remedy: 'point to the primary: this Redis is a replica, which may lag behind',
    isPassing: true,
  },
} as const satisfies Record<string, RedisFault>
