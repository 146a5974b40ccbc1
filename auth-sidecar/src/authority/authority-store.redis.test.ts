import { describe } from 'vitest'
import { createEventSigner } from '../redis/signed-event.ts'
import { connectTo, freshPrefix, readableLog, useRedis } from '../redis/testing/redis-fixture.ts'
import {
  contractIssuer,
  createRecordingSink,
  describeAuthorityStore,
} from './authority-store.contract.ts'
import { openRedisAuthorityStore } from './authority-store.redis.ts'
import { describeAgingAuthorityStore } from './authority-store-aging.contract.ts'

const redis = useRedis()
const recordLifeMs = 1_000_000

async function make() {
  let skewMs = 0
  const now = () => Date.now() + skewMs
  const { sink, events } = createRecordingSink()
  const store = await openRedisAuthorityStore({
    connection: await connectTo(redis()),
    subscriber: await connectTo(redis()),
    prefix: freshPrefix(),
    builtInIssuer: contractIssuer,
    recordLifeMs,
    signer: createEventSigner(Buffer.alloc(32, 7)),
    sink,
    now,
    log: readableLog().log,
  })
  const advanceMs = async (byMs: number) => {
    skewMs += byMs
  }
  return { store, events, now, advanceMs, recordLifeMs, close: store.close }
}

describe('authority in Redis', () => {
  describeAuthorityStore('Redis', make)
  describeAgingAuthorityStore('Redis', make)
})
