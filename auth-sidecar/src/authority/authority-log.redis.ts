// Authority as it lies in Redis: a head (epoch and number of the last event), a stream of events, a key a record. Each
// method is one round trip and one script, so that nothing is seen half done. What it all means is decided elsewhere.
//
// All keys have one hash tag and so one slot: a script may only touch keys of one slot on Redis Cluster. It costs that
// all of authority lies on one shard, which is no loss: numbers in a row need one place that counts.

import { z } from 'zod'
import type { StreamEntry } from '../redis/read-stream.ts'
import type { RedisConnection } from '../redis/redis-connection.redis.ts'
import { keyOf } from '../redis/redis-keys.ts'
import { corruptValue } from '../redis/redis-outage.ts'
import { authorityScripts } from './authority-scripts.redis.ts'
import type { RecordPlace } from './plan-changes.ts'

/** The head as it was read; a field that is missing is null. Compared as it is, so that a damaged one can be replaced. */
export type RawHead = {
  readonly epoch: string | null
  readonly startedAtMs: string | null
  readonly sequence: string | null
  /** The last event's line; null as well where it was not asked for. */
  readonly line: string | null
}

export type StoredRecord = {
  readonly place: RecordPlace
  readonly text: string
  readonly lifeMs: number
}

export type AuthorityLog = {
  /** What is published is a line of the stream. */
  readonly channel: string
  /** The texts of records, null where there is none, and the head at that moment, without its line. */
  readonly look: (
    places: readonly RecordPlace[],
  ) => Promise<{ readonly head: RawHead; readonly texts: readonly (string | null)[] }>
  /** Writes records and events, if the head is still as it was; false when it is not and nothing was done. */
  readonly commit: (
    head: RawHead,
    records: readonly StoredRecord[],
    lines: readonly string[],
  ) => Promise<boolean>
  /** A page of the stream from a number on, that one included. */
  readonly readFrom: (sequence: number) => Promise<{
    readonly head: RawHead
    readonly entries: readonly StreamEntry[]
    readonly isFull: boolean
  }>
  /** Begins a new epoch with no events, if the head is still as it was. */
  readonly renew: (head: RawHead, epoch: string, startedAtMs: number) => Promise<void>
  /** Replaces a record by the same one kept longer, if it is still as it was. */
  readonly prolong: (record: StoredRecord, before: string) => Promise<void>
}

export type AuthorityLogOptions = {
  readonly connection: RedisConnection
  readonly prefix: string
  /** How many events are kept, and some more. */
  readonly maxEvents: number
}

const pageSize = 1000

/** Defines the scripts on a connection. */
export function createAuthorityLog(options: AuthorityLogOptions): AuthorityLog {
  const { connection, maxEvents } = options
  const base = `${options.prefix}:{authority}`
  const [head, stream, channel] = [`${base}:head`, `${base}:events`, `${base}:events`]
  const recordKey = createRecordKeys(base)
  const script = {
    look: connection.script('authorityLook', authorityScripts.look),
    commit: connection.script('authorityCommit', authorityScripts.commit),
    read: connection.script('authorityRead', authorityScripts.read),
    renew: connection.script('authorityRenew', authorityScripts.renew),
    prolong: connection.script('authorityProlong', authorityScripts.prolong),
  }

  return {
    channel,
    async look(places) {
      const reply = await script.look([head, ...places.map(recordKey)], [])
      return readLook(reply, places.length)
    },
    async commit(before, records, lines) {
      const reply = await script.commit(
        [head, stream, ...records.map(({ place }) => recordKey(place))],
        [
          before.epoch ?? '',
          before.sequence ?? '',
          channel,
          maxEvents,
          records.length,
          ...records.flatMap(({ text, lifeMs }) => [text, lifeMs]),
          ...lines,
        ],
      )
      return readReply(flagReply, reply) === 1
    },
    async readFrom(sequence) {
      const reply = await script.read([head, stream], [`${sequence}-0`, pageSize])
      const [fields, found] = readReply(readingReply, reply)
      const entries = found.map(([id, [, line = '']]) => ({ id, line }))
      return { head: rawHead(fields), entries, isFull: entries.length === pageSize }
    },
    async renew(before, epoch, startedAtMs) {
      const known = [before.epoch ?? '', before.sequence ?? '']
      await script.renew([head, stream], [...known, epoch, startedAtMs])
    },
    async prolong({ place, text, lifeMs }, before) {
      await script.prolong([recordKey(place)], [before, text, lifeMs])
    },
  }
}

/** Names keys. That of an issuer is remembered: nearly every token is of the same one, and each is asked about. */
function createRecordKeys(base: string): (place: RecordPlace) => string {
  const nameOf = ({ kind, key }: RecordPlace) => `${base}:${kind}:${keyOf(key)}`
  let issuer = { key: '', name: nameOf({ kind: 'issuer', key: '' }) }
  return (place) => {
    if (place.kind !== 'issuer') return nameOf(place)
    if (place.key !== issuer.key) issuer = { key: place.key, name: nameOf(place) }
    return issuer.name
  }
}

const text = z.string().nullable()
const headReply = z.tuple([text, text, text, text])
const readingReply = z.tuple([headReply, z.array(z.tuple([z.string(), z.array(z.string())]))])
const flagReply = z.number()

function readReply<Reply>(schema: z.ZodType<Reply>, reply: unknown): Reply {
  const parsed = schema.safeParse(reply)
  if (!parsed.success) throw corruptValue()
  return parsed.data
}

/** By hand: it is on the way of every handshake and of every check of a live socket. */
function readLook(reply: unknown, count: number) {
  if (!Array.isArray(reply)) throw corruptValue()
  const [fields, texts] = reply
  if (!isTexts(fields, 3) || !isTexts(texts, count)) throw corruptValue()
  const [epoch = null, startedAtMs = null, sequence = null] = fields
  return { head: { epoch, startedAtMs, sequence, line: null }, texts }
}

function isTexts(reply: unknown, count: number): reply is (string | null)[] {
  const isText = (each: unknown) => each === null || typeof each === 'string'
  return Array.isArray(reply) && reply.length === count && reply.every(isText)
}

function rawHead([epoch, startedAtMs, sequence, line]: z.infer<typeof headReply>): RawHead {
  return { epoch, startedAtMs, sequence, line }
}
