import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { JournalOptions } from './authority-journal.ts'
import { contractIssuer, createRecordingSink } from './authority-store.contract.ts'
import { openJournaledAuthorityStore } from './authority-store.memory.ts'
import type { AuthorityChange } from './authority-store.ts'

const recordLifeMs = 90_000_000
const alice = { issuer: contractIssuer, subject: 'alice', sessionId: 's1' }
const end = (sessionId: string): AuthorityChange => ({
  type: 'end-session',
  sessionId,
  subject: 'alice',
})

function createFolder() {
  const directory = join(mkdtempSync(join(tmpdir(), 'sallyport-state-')), 'state')
  const path = join(directory, 'authority.jsonl')
  const clock = { nowMs: 1_800_000_000_000 }
  const unreadable: number[] = []
  const writable: boolean[] = []
  /** A life of a process over the folder. */
  const start = async (changes: Partial<JournalOptions> = {}) => {
    const { sink, events } = createRecordingSink()
    const now = () => clock.nowMs
    const store = await openJournaledAuthorityStore({
      recordLifeMs,
      builtInIssuer: contractIssuer,
      sink,
      now,
      directory,
      onUnreadable: () => void unreadable.push(clock.nowMs),
      onWritable: (isWritable) => void writable.push(isWritable),
      ...changes,
    })
    onTestFinished(store.close)
    const [first] = events
    if (first?.call !== 'follow') throw new Error('the store follows nothing')
    const told = () => events.flatMap((each) => (each.call === 'append' ? [each.event.type] : []))
    return { store, position: first.position, told }
  }
  const lines = () => readFileSync(path, 'utf8').trimEnd().split('\n')
  return { directory, path, clock, unreadable, writable, start, lines }
}

describe('authority that is kept in a folder', () => {
  it('SES-1 outlives the process, in the same epoch and with numbers that go on', async () => {
    const folder = createFolder()
    const first = await folder.start()
    const changes: readonly AuthorityChange[] = [
      end('s1'),
      { type: 'end-cookie', sessionId: 's2', subject: 'alice' },
      {
        type: 'end-subject',
        issuer: 'https://idp.example',
        subject: 'bob',
        issuedBeforeMs: 5,
        fingerprint: 'f',
        marginMs: 1000,
      },
      { type: 'revoke-token', issuer: contractIssuer, tokenId: 't1' },
      { type: 'revoke-issued-before', issuer: contractIssuer, keyId: 'k1', issuedBeforeMs: 7 },
      { type: 'revoke-issued-before', issuer: contractIssuer, issuedBeforeMs: 6 },
      { type: 'end-connection', connectionId: 'c1' },
    ]
    for (const change of changes) await first.store.apply(change)
    const token = { id: 't1', keyId: 'k1', issuedAtMs: 1 }
    const questions = [
      { ...alice, token },
      { ...alice, sessionId: 's2' },
      { issuer: 'https://idp.example', subject: 'bob', sessionId: 'x', token },
    ]
    const askAll = ({ store }: typeof first) => Promise.all(questions.map(store.current))
    const known = await askAll(first)
    await first.store.close()

    folder.clock.nowMs += 1000
    const second = await folder.start()
    expect(second.position).toEqual({ epoch: first.position.epoch, sequence: 7 })
    expect(await askAll(second)).toEqual(known)
    expect(folder.unreadable).toEqual([])
    await second.store.apply(changes[2] ?? end('s1'))
    expect(second.told()).toEqual([])
  })

  it('SES-1 is for its owner alone, the folder as well when it was there before', async () => {
    const folder = createFolder()
    const { store } = await folder.start()
    await store.apply(end('s1'))
    expect(statSync(folder.directory).mode & 0o777).toBe(0o700)
    expect(statSync(folder.path).mode & 0o777).toBe(0o600)
    await store.close()
    chmodSync(folder.directory, 0o755)
    chmodSync(folder.path, 0o644)
    await folder.start()
    expect(statSync(folder.directory).mode & 0o777).toBe(0o700)
    expect(statSync(folder.path).mode & 0o777).toBe(0o600)
  })

  it.each<[string, (text: string) => string]>([
    ['a torn line at its end', (text) => text.slice(0, -5)],
    ['an end without a line break', (text) => text.slice(0, -1)],
    ['a line of another form', (text) => `${text}{"sequence":"3"}\n`],
    ['a record of another form', (text) => text.replace('"generation":1', '"generation":-1')],
    ['a record of no generation', (text) => text.replace('"generation":1', '"generation":0')],
    ['a record of a newer form', (text) => text.replace('"kind"', '"until":1,"kind"')],
    ['numbers that go backwards', (text) => `${text}{"sequence":1}\n`],
    ['no first line', (text) => text.slice(text.indexOf('\n') + 1)],
    ['an empty line', (text) => text.replace('\n', '\n\n')],
    ['noise', () => '\0\u{1f600}'],
    ['nothing', () => ''],
  ])('RX.2 begins a new epoch for a file with %s, and remembers nothing of it', async (_name, spoil) => {
    const folder = createFolder()
    const first = await folder.start()
    await first.store.apply(end('s1'))
    await first.store.apply(end('s1'))
    await first.store.close()
    writeFileSync(folder.path, spoil(readFileSync(folder.path, 'utf8')))
    chmodSync(folder.path, 0o644)
    const spoilt = readFileSync(folder.path)
    folder.clock.nowMs += 5000
    const second = await folder.start()
    expect(second.position.epoch).not.toBe(first.position.epoch)
    expect(folder.unreadable).toHaveLength(1)
    expect(readFileSync(`${folder.path}.unreadable`)).toEqual(spoilt)
    expect(statSync(`${folder.path}.unreadable`).mode & 0o777).toBe(0o600)
    const token = { id: 't', keyId: 'k', issuedAtMs: 1 }
    expect(await second.store.current({ ...alice, token })).toMatchObject({
      generation: { epoch: second.position.epoch, session: 0 },
    })
    const foreign = { issuer: 'https://idp.example', subject: 'a', sessionId: 'x', token }
    expect(await second.store.current(foreign)).toMatchObject({
      issuedBeforeMs: folder.clock.nowMs,
    })
  })

  it('RX.2 goes on with its numbers in a new epoch, as far as they can be read', async () => {
    const folder = createFolder()
    const { store, position } = await folder.start()
    await store.apply(end('s1'))
    await store.apply(end('s2'))
    await store.close()
    writeFileSync(folder.path, `${readFileSync(folder.path, 'utf8')}{"sequ`)
    const second = await folder.start()
    expect(second.position.sequence).toBe(2)
    expect(second.position.epoch).not.toBe(position.epoch)
    await second.store.close()
    expect((await folder.start()).position).toEqual(second.position)
  })

  it('SES-12 drops at the start what nothing can refer to any more, and writes a line for the rest', async () => {
    const folder = createFolder()
    const { store } = await folder.start()
    await store.apply(end('s1'))
    folder.clock.nowMs += recordLifeMs / 2
    for (let time = 0; time < 5; time += 1) await store.apply(end('s2'))
    expect(folder.lines()).toHaveLength(7)
    await store.close()
    folder.clock.nowMs += recordLifeMs / 2
    const second = await folder.start()
    expect(folder.lines()).toHaveLength(2)
    expect(await second.store.current({ ...alice, sessionId: 's1' })).toMatchObject({
      generation: { session: 0 },
    })
    expect(await second.store.current({ ...alice, sessionId: 's2' })).toMatchObject({
      generation: { session: 5 },
    })
    expect(second.position.sequence).toBe(6)
  })

  it('SES-12 keeps a subject’s number over restarts while it is asked about', async () => {
    const folder = createFolder()
    let { store } = await folder.start()
    const { issuer, subject } = alice
    await store.apply({ type: 'end-subject', issuer, subject, issuedBeforeMs: 1 })
    for (let life = 0; life < 4; life += 1) {
      folder.clock.nowMs += recordLifeMs * 1.2
      expect((await store.current(alice)).generation.subject).toBe(1)
      await store.close()
      store = (await folder.start()).store
    }
    expect((await store.current(alice)).generation.subject).toBe(1)
  })

  it('writes a file anew that became long while it ran, and loses nothing', async () => {
    const folder = createFolder()
    const { store } = await folder.start({ linesBeforeCompaction: 10 })
    for (let time = 0; time < 25; time += 1) await store.apply(end(`s${time % 3}`))
    expect(folder.lines().length).toBeLessThan(14)
    await store.close()
    const second = await folder.start()
    expect(second.position.sequence).toBe(25)
    expect((await second.store.current({ ...alice, sessionId: 's0' })).generation.session).toBe(9)
  })
})

/** `open` whose files refuse what they are asked while `fault` says so. */
function createFaultyFiles() {
  const faulty: { on: Set<string>; calls: string[] } = { on: new Set(), calls: [] }
  const openFile = (async (...given: Parameters<typeof open>) => {
    if (faulty.on.has('open')) throw new Error('refused')
    const handle = await open(...given)
    return new Proxy(handle, {
      get(target, name) {
        const member: unknown = target[name as keyof FileHandle]
        if (typeof member !== 'function') return member
        return async (...args: unknown[]) => {
          faulty.calls.push(String(name))
          const isFaulty = faulty.on.has(String(name))
          // A full disk takes a part.
          if (isFaulty && name === 'appendFile') await target.write(String(args[0]).slice(0, 9))
          if (isFaulty) throw new Error('refused')
          return member.apply(target, args)
        }
      },
    })
  }) as typeof open
  return { faulty, openFile }
}

describe('a folder that cannot be written to', () => {
  it('SES-4 has synced a change before anybody is told of it', async () => {
    const { faulty, openFile } = createFaultyFiles()
    const { store, told } = await createFolder().start({ openFile })
    faulty.calls.length = 0
    const applied = store.apply(end('s1'))
    expect(told()).toEqual([])
    await applied
    expect(faulty.calls).toEqual(['appendFile', 'datasync'])
    expect(told()).toEqual(['session-ended'])
  })

  it.each([
    ['appendFile'],
    ['datasync'],
    ['appendFile', 'open'],
  ])('SES-6 is an outage, and changes nothing, while %s fails; then it goes on', async (...on) => {
    const { faulty, openFile } = createFaultyFiles()
    const folder = createFolder()
    const { store, told } = await folder.start({ openFile })
    await store.apply(end('s1'))
    faulty.on = new Set(on)
    for (let time = 0; time < 2; time += 1) {
      const both = await Promise.allSettled([store.apply(end('s1')), store.apply(end('s2'))])
      expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    }
    expect((await store.current(alice)).generation.session).toBe(1)
    expect(told()).toHaveLength(1)
    faulty.on.clear()
    await store.apply(end('s1'))
    expect((await store.current(alice)).generation.session).toBe(2)
    await store.close()
    const second = await folder.start()
    expect(folder.unreadable).toEqual([])
    expect(second.position.sequence).toBe(2)
    expect((await second.store.current(alice)).generation.session).toBe(2)
  })

  it('SES-6 is not ready from the first change that fails until it can be written, also when nobody asks', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const { faulty, openFile } = createFaultyFiles()
    const folder = createFolder()
    const { store, told } = await folder.start({ openFile })
    await store.apply(end('s1'))
    expect(store.isFollowing()).toBe(true)
    faulty.on.add('appendFile')
    await expect(store.apply(end('s2'))).rejects.toThrow('refused')
    await expect(store.apply(end('s3'))).rejects.toThrow('refused')
    expect(store.isFollowing()).toBe(false)
    faulty.calls.length = 0
    vi.advanceTimersByTime(1000)
    await vi.waitFor(() => expect(faulty.calls).toContain('appendFile'))
    expect(store.isFollowing()).toBe(false)
    faulty.on.clear()
    await vi.waitFor(() => {
      vi.advanceTimersByTime(1000)
      expect(store.isFollowing()).toBe(true)
    })
    expect(folder.writable).toEqual([false, true])
    expect(vi.getTimerCount()).toBe(0)
    await store.apply(end('s2'))
    expect(told()).toHaveLength(2)
    await store.close()
    expect((await folder.start()).position.sequence).toBe(2)
    expect(folder.unreadable).toEqual([])
  })

  it('SES-6 is not begun with', async () => {
    const { faulty, openFile } = createFaultyFiles()
    faulty.on.add('sync')
    await expect(createFolder().start({ openFile })).rejects.toThrow()
  })
})
