// Settings → where everything is remembered: in this process's memory, with a folder for what must outlive it, or in a
// Redis that several sidecars share. Whoever uses a store does not know which.

import { hkdfSync } from 'node:crypto'
import type { AssertionKey } from '@sallyport/contracts/identity-assertion'
import type { Log } from '@sallyport/service-kit/log'
import {
  createMemoryAuthorityStore,
  openJournaledAuthorityStore,
} from './authority/authority-store.memory.ts'
import type { AuthorityEventSink, AuthorityStore } from './authority/authority-store.ts'
import type { Settings } from './config.ts'
import {
  type AttemptLimiterState,
  createMemoryAttemptLimiter,
} from './limits/attempt-limiter.memory.ts'
import type { AttemptLimiter } from './limits/attempt-limiter.ts'
import { createFollowedEventSigner } from './redis/followed-event-signer.ts'
import { createMemoryRefreshTokenStore } from './refresh-tokens/refresh-token-store.memory.ts'
import type { RefreshTokenStore } from './refresh-tokens/refresh-token-store.ts'
import type { Secrets } from './secret-files.ts'
import { createMemorySessionStore } from './sessions/session-store.memory.ts'
import type { SessionStore } from './sessions/session-store.ts'
import { createMemoryTicketStore } from './tickets/ticket-store.memory.ts'
import type { TicketStore } from './tickets/ticket-store.ts'

export type StoresInput = {
  readonly settings: Settings
  readonly secrets: Pick<Secrets, 'assertionKeys'>
  readonly redisPassword: string | undefined
  /** Told what happens to authority, by whichever sidecar. */
  readonly sink: AuthorityEventSink
  /** The longest life of anything that can be revoked. */
  readonly recordLifeMs: number
  /** Told of events in the shared store that no sidecar of ours wrote. */
  readonly onForged: (count: number) => void
  readonly log: Log
  readonly now: () => number
}

/** Counts attempts, and says what it holds. */
type CountedAttempts = AttemptLimiter & { readonly state: () => AttemptLimiterState }

export type Stores = {
  readonly authorities: AuthorityStore
  readonly sessions: SessionStore
  readonly tickets: TicketStore & { readonly size: () => number }
  readonly refreshTokens: RefreshTokenStore
  /** A limiter of so many attempts a minute; each under a name of its own, which counts apart. */
  readonly attemptsPerMinute: (name: string, limit: number) => CountedAttempts
  /** False while nothing can be asked or changed. */
  readonly isReady: () => boolean
  readonly close: () => Promise<void>
}

const minuteMs = 60_000
/** A key takes about 190 bytes; a million addresses a minute cost no more than these. */
const maxCountedKeys = 50_000
const maxTicketsPerSession = 20

/** Opens the stores of the settings; rejects when one cannot be used as it is set. */
export function openStores(input: StoresInput): Promise<Stores> {
  const { SIDECAR_REDIS_URL: url } = input.settings
  return url === undefined ? openMemoryStores(input) : openSharedStores(url, input)
}

async function openMemoryStores(input: StoresInput): Promise<Stores> {
  const { now } = input
  const authorities = await openMemoryAuthorities(input)
  return {
    authorities,
    tickets: createMemoryTicketStore({
      maxTickets: 20_000,
      maxPerSession: maxTicketsPerSession,
      now,
    }),
    sessions: createMemorySessionStore({ maxSessions: 100_000, now }),
    refreshTokens: createMemoryRefreshTokenStore({ maxFamilies: 200_000, now }),
    attemptsPerMinute: (_name, limit) =>
      createMemoryAttemptLimiter({ limit, windowMs: minuteMs, maxKeys: maxCountedKeys, now }),
    isReady: authorities.isFollowing,
    close: authorities.close,
  }
}

async function openMemoryAuthorities(input: StoresInput): Promise<AuthorityStore> {
  const { settings, sink, recordLifeMs, log, now } = input
  const { SIDECAR_STATE_DIRECTORY: directory, SIDECAR_ISSUER: builtInIssuer } = settings
  const options = { recordLifeMs, builtInIssuer, sink, now }
  if (directory === undefined) return createMemoryAuthorityStore(options)
  const onUnreadable = () =>
    log.error(
      { directory },
      'the record of what was revoked cannot be read: all must sign in again; authority.jsonl.unreadable is what was there',
    )
  const onWritable = (isWritable: boolean, err?: unknown) => {
    if (isWritable) log.info({ directory }, 'what is revoked can be written down again')
    else
      log.error(
        { directory, err },
        'what is revoked cannot be written down: not ready until it can',
      )
  }
  return openJournaledAuthorityStore({ ...options, directory, onUnreadable, onWritable })
}

async function openSharedStores(url: string, input: StoresInput): Promise<Stores> {
  const { settings, secrets, sink, recordLifeMs, log, now } = input
  const stateDirectory = settings.SIDECAR_STATE_DIRECTORY
  // Its client is loaded only where it is used.
  const { openRedisStores } = await import('./redis-stores.redis.ts')
  const { attempts, ...stores } = await openRedisStores({
    url,
    password: input.redisPassword,
    prefix: settings.SIDECAR_REDIS_PREFIX,
    builtInIssuer: settings.SIDECAR_ISSUER,
    recordLifeMs,
    signer: createFollowedEventSigner(() => secrets.assertionKeys, eventSecretsOf),
    sink,
    now,
    log,
    maxTicketsPerSession,
    ...(stateDirectory !== undefined && { stateDirectory }),
    onForged: input.onForged,
  })
  return {
    ...stores,
    attemptsPerMinute: (name, limit) => attempts(limit, name),
  }
}

/** A secret for each key of the ring, the newest first: it signs, those of the others are believed. */
function eventSecretsOf(ring: readonly AssertionKey[]): [Uint8Array, ...Uint8Array[]] {
  const [newest, ...others] = ring
  if (!newest) throw new Error('the assertion ring is empty')
  const label = 'sallyport-authority-events'
  return [deriveSecret(newest, label), ...others.map((key) => deriveSecret(key, label))]
}

/** A secret that is good for one thing only, and the same after a restart. */
export function deriveSecret({ secret }: AssertionKey, label: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, label, '', 32))
}
