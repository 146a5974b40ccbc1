import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  contractIssuer,
  createRecordingSink,
  describeAuthorityStore,
} from './authority-store.contract.ts'
import {
  createMemoryAuthorityStore,
  openJournaledAuthorityStore,
} from './authority-store.memory.ts'
import { describeAgingAuthorityStore } from './authority-store-aging.contract.ts'

const recordLifeMs = 90_000_000

function optionsOf() {
  const clock = { nowMs: 1_800_000_000_000 }
  const { sink, events } = createRecordingSink()
  const now = () => clock.nowMs
  const advanceMs = async (byMs: number) => void (clock.nowMs += byMs)
  const options = { recordLifeMs, builtInIssuer: contractIssuer, sink, now }
  return { options, events, now, advanceMs, recordLifeMs }
}

const makeInMemory = async () => {
  const { options, ...hands } = optionsOf()
  const store = createMemoryAuthorityStore(options)
  return { ...hands, store, close: store.close }
}

const makeInFolder = async () => {
  const { options, ...hands } = optionsOf()
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-state-'))
  const onUnreadable = () => expect.unreachable('a fresh folder can be read')
  const onWritable = () => expect.unreachable('it can be written all the time')
  const given = { ...options, directory, onUnreadable, onWritable }
  const store = await openJournaledAuthorityStore(given)
  return { ...hands, store, close: store.close }
}

describeAuthorityStore('in memory', makeInMemory)
describeAgingAuthorityStore('in memory', makeInMemory)
describeAuthorityStore('in memory, kept in a folder', makeInFolder)
describeAgingAuthorityStore('in memory, kept in a folder', makeInFolder)

describe('authority store in memory', () => {
  const question = (sessionId: string) => ({ issuer: contractIssuer, subject: 'alice', sessionId })

  it('RX.2 starts each life of the process in an epoch of its own', async () => {
    const [one, other] = [await makeInMemory(), await makeInMemory()]
    const { epoch } = (await one.store.current(question('s1'))).generation
    expect((await other.store.current(question('s1'))).generation.epoch).not.toBe(epoch)
  })

  it('answers with one and the same object wherever nothing was ended', async () => {
    const { store } = await makeInMemory()
    await store.apply({ type: 'end-session', sessionId: 's1', subject: 'alice' })
    const [a, b] = [await store.current(question('s2')), await store.current(question('s3'))]
    expect(a).toBe(b)
    expect(Object.isFrozen(a)).toBe(true)
  })

  it('SES-6 takes no change when it is full, and forgets nothing for it', async () => {
    const { options, events, advanceMs } = optionsOf()
    const store = createMemoryAuthorityStore({ ...options, maxRecords: 2 })
    const end = (sessionId: string) =>
      store.apply({ type: 'end-session', sessionId, subject: 'alice' })
    await end('s1')
    await end('s2')
    await expect(end('s3')).rejects.toThrow('full')
    await end('s2')
    expect((await store.current(question('s1'))).generation.session).toBe(1)
    expect(events.filter(({ call }) => call === 'append')).toHaveLength(3)
    await advanceMs(recordLifeMs)
    await end('s3')
    expect((await store.current(question('s3'))).generation.session).toBe(1)
  })

  it('SES-6 takes those changes of a batch that need no room when it is full', async () => {
    const { options } = optionsOf()
    const store = createMemoryAuthorityStore({ ...options, maxRecords: 2 })
    const end = (sessionId: string) =>
      store.apply({ type: 'end-session', sessionId, subject: 'alice' })
    await end('s1')
    const settled = await Promise.allSettled([
      end('s1'),
      end('s2'),
      end('s3'),
      end('s2'),
      store.apply({ type: 'end-connection', connectionId: 'c1' }),
      end('s4'),
    ])
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'rejected',
    ])
    expect((await store.current(question('s2'))).generation.session).toBe(2)
    expect((await store.current(question('s3'))).generation.session).toBe(0)
  })

  it('SES-4 tells of an end only when whoever asks is told of it as well', async () => {
    const { options } = optionsOf()
    const seen: number[] = []
    const asked: Promise<unknown>[] = []
    const store = createMemoryAuthorityStore({
      ...options,
      sink: {
        ...options.sink,
        append() {
          const asking = store.current(question('s1'))
          asked.push(asking.then(({ generation }) => seen.push(generation.session)))
        },
      },
    })
    await store.apply({ type: 'end-session', sessionId: 's1', subject: 'alice' })
    await Promise.all(asked)
    expect(seen).toEqual([1])
  })
})
