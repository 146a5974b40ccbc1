import { existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { maxGrants, maxIdentityBytes } from '@sallyport/contracts/identity-schema'
import { maxTokenLength } from '@sallyport/contracts/token-bounds'
import { describe, expect, it } from 'vitest'
import { decideRun } from '../../launcher/src/user-settings.ts'
import { defaultLimits } from '../../ws-backend/src/connection/connection-limits.ts'
import {
  anchorsOf,
  documentOf,
  documents,
  makeTargets,
  quotedPaths,
  relativeLinks,
  sectionOf,
  tableRows,
  treePaths,
} from './documents.ts'
import {
  defaultOf,
  launcherSettings,
  nativeEnvironments,
  serviceSettings,
  userSettings,
} from './known-settings.ts'
import { readSources, readText, root } from './repository.ts'

const isThere = (path: string) => existsSync(join(root, path))
const lineCount = (path: string) => documentOf(path).trimEnd().split('\n').length

describe('the documents', () => {
  it('are short enough to be read', () => {
    expect(lineCount('README.md')).toBeLessThanOrEqual(150)
    expect(lineCount('ARCHITECTURE.md')).toBeLessThanOrEqual(200)
  })

  it('link to what is there', () => {
    const links = [...documents].flatMap(([path, text]) => relativeLinks(path, text))
    expect(links.length).toBeGreaterThan(40)
    const faults = links.filter(({ path, anchor }) => {
      const knowsAnchor = anchor === undefined || anchorsOf(documents.get(path) ?? '').has(anchor)
      return !isThere(path) || !knowsAnchor
    })
    expect(faults).toEqual([])
  })

  it('name only targets that make has', () => {
    const targets = new Set(
      [...readText('Makefile').matchAll(/^([a-z-]+):/gm)].map(([, name]) => name),
    )
    const named = [...documents].flatMap(([path, text]) =>
      makeTargets(text).map((target) => ({ path, target })),
    )
    expect(named.length).toBeGreaterThan(15)
    expect(named.filter(({ target }) => !targets.has(target))).toEqual([])
  })

  it('ARCHITECTURE names only files and folders that are there', () => {
    const text = documentOf('ARCHITECTURE.md')
    const tree = treePaths(sectionOf(text, '## Code map'))
    const quoted = quotedPaths(text)
    expect(tree).toContain('auth-sidecar/src/handshake/')
    expect(quoted).toContain('auth-sidecar/src/handshake/decide-handshake.ts')
    expect([...tree, ...quoted].filter((path) => !isThere(path))).toEqual([])
  })

  it('RC.2 the top level is what was asked for', () => {
    const asked = ['traefik-config', 'auth-sidecar', 'ws-backend', 'frontend', 'tests', 'Makefile']
    expect(asked.filter((path) => !isThere(path))).toEqual([])
  })

  it('every requirement of the first two parts is proved by a test that carries its id', () => {
    const first = 'RC.1 RC.2 R0.1 R0.6 R0.7 R0.9 R1.1 R1.8 R2.1 R2.6 R2.7 R3.1 R3.2 R3.5 R3.9 R4.7'
    const second =
      'R0.3 R0.4 R0.5 R1.3 R1.6 R1.7 R3.3 R3.6 R3.10 R4.1 R4.2 R4.3 R4.4 R4.5 R4.9 RX.4 RX.5 RX.6 RX.13'
    const asked = `${first} ${second}`.split(' ')
    const texts = [...readSources(/\.test\.tsx?$/).values()]
    const names = texts.flatMap((text) => [...text.matchAll(/['"`]((?:R[CX\d]\.\d+ )+)/g)])
    const proved = new Set(names.flatMap(([, ids = '']) => ids.trim().split(' ')))
    expect(asked.filter((id) => !proved.has(id))).toEqual([])
  })
})

/** The entries of `.env.example`, which are all commented out. */
const example = new Map(
  [...readText('.env.example').matchAll(/^#([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(
    ([, name = '', value = '']) => [name, value],
  ),
)

describe('.env.example', () => {
  it('R3.11 lists exactly what a user may set', () => {
    const settable = [...userSettings, ...launcherSettings()]
    expect(settable.length).toBeGreaterThan(15)
    expect([...example.keys()].toSorted()).toEqual(settable.toSorted())
  })

  it('R3.11 shows the values in force: uncommenting a line changes nothing', () => {
    const environments = nativeEnvironments({})
    const inForce = (name: string) =>
      Object.values(environments)
        .map((environment) => environment[name])
        .find((value) => value !== undefined) ?? defaultOf(name)
    for (const name of userSettings) {
      const value = inForce(name)
      const shown = example.get(name) ?? ''
      const comparable = value !== undefined && isAbsolute(value) ? join(root, shown) : shown
      expect(comparable, name).toBe(value)
    }
    const settings = Object.fromEntries([...example].filter(([, value]) => value !== ''))
    expect(decideRun(settings)).toEqual(decideRun({}))
  })

  it('is a file of comments: copied as it is, it sets nothing', () => {
    const lines = readText('.env.example').split('\n')
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([])
  })
})

describe('docs/settings.md', () => {
  const text = documentOf('docs/settings.md')
  const wired = sectionOf(text, '## Set by the launcher')
  const rows = tableRows(text)

  it('R3.11 explains every setting once, and no other', () => {
    const named = rows.map(([name]) => name)
    const known = [...new Set([...serviceSettings, ...launcherSettings()])]
    expect(named.toSorted()).toEqual(known.toSorted())
  })

  it('R3.11 says which of them the launcher sets itself', () => {
    const named = tableRows(wired).map(([name]) => name)
    const expected = [...serviceSettings].filter((name) => !userSettings.has(name))
    expect(named.toSorted()).toEqual(expected.toSorted())
  })

  it('R3.11 states the defaults of the services', () => {
    const ofServices = rows.filter(([name]) => serviceSettings.has(name ?? ''))
    for (const [name = '', stated, meaning] of ofServices) {
      expect(stated, name).toBe(defaultOf(name) ?? '–')
      expect(meaning, name).not.toBe('')
    }
  })
})

describe('numbers that documents state', () => {
  it('RX.11 are the bounds of sockets in force', () => {
    const { maxSocketsPerSession, maxSocketsPerSubject } = defaultLimits
    const bounds = `${maxSocketsPerSession} sockets of a session and ${maxSocketsPerSubject} of a subject`
    for (const path of ['contracts/PROTOCOL.md', 'docs/threat-model.md']) {
      expect(documentOf(path).replace(/\s+/g, ' '), path).toContain(bounds)
    }
  })

  it('RX.11 are the limits of logins in force, and how many addresses lock an account out', () => {
    const [account, address] = ['ACCOUNT', 'ADDRESS'].map((by) =>
      Number(defaultOf(`SIDECAR_LOGINS_PER_${by}`)),
    ) as [number, number]
    const text = documentOf('docs/threat-model.md').replace(/\s+/g, ' ')
    expect(text).toContain(`${address} a minute from one address and ${account} for one name`)
    const words = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']
    expect(text).toContain(`whoever has ${words[Math.ceil(account / address)]} addresses`)
  })
})

describe('the bounds that SECURITY.md publishes', () => {
  const rows = sectionOf(documentOf('SECURITY.md'), '## Bounds and defaults')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| what |'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
  const boundOf = (what: string) => rows.find(([, name]) => name?.startsWith(what))?.[2]

  it('RX.11 are the defaults of the settings that they name', () => {
    const ofSettings = rows.flatMap(([, , bound = '', setting = '']) => {
      const [, name] = /^`([A-Z_]+)`$/.exec(setting) ?? []
      return name === undefined ? [] : [{ name, bound }]
    })
    expect(ofSettings.length).toBeGreaterThan(11)
    for (const { name, bound } of ofSettings) expect(bound, name).toBe(defaultOf(name))
  })

  it('RX.11 are those in force where nothing can be set', () => {
    const limits = defaultLimits
    expect(boundOf('live sockets')).toBe(
      `${limits.maxSocketsPerSession} of a session, ${limits.maxSocketsPerSubject} of a subject`,
    )
    expect(boundOf('messages of a socket')).toBe(
      `${limits.messagesPerSecond} a second, ${limits.messageBurst} at once`,
    )
    expect(boundOf('channels')).toBe(`${limits.maxChannels}`)
    expect(boundOf('what a slow reader')).toBe(`${limits.maxBufferedBytes / 2 ** 20} MiB`)
    expect(boundOf('what a socket publishes')).toBe(
      `${limits.publishBytesPerSecond / 1024} KiB a second, ${limits.publishBurstBytes / 1024} KiB at once`,
    )
    expect(boundOf('how long it may read nothing')).toBe(`${limits.maxStalledMs / 1000} s`)
    expect(boundOf('from the close frame')).toBe(`${limits.endGraceMs / 1000} s`)
    expect(boundOf('a token')).toMatch(new RegExp(`^${maxTokenLength} characters`))
    expect(boundOf('an identity')).toBe(
      `${maxIdentityBytes / 1024} KiB, ${maxGrants} groups, ${maxGrants} scopes`,
    )
  })
})

describe('the readers of documents', () => {
  it('see links, anchors, commands and trees as they are written', () => {
    expect(relativeLinks('docs/a.md', '[a](../b.md#c) [d](https://x) ![e](f/g.png)')).toEqual([
      { from: 'docs/a.md', path: 'b.md', anchor: 'c' },
      { from: 'docs/a.md', path: 'docs/f/g.png' },
    ])
    expect([...anchorsOf('# One `two`, three\n## Four')]).toEqual(['one-two-three', 'four'])
    expect(makeTargets('run `make up`\nmake test # all\nA=1 make -s token\nwe make sense')).toEqual(
      ['up', 'test', 'token'],
    )
    expect(treePaths('```\na/src/   x\n  b/     y, c.ts\n```')).toEqual(['a/src/', 'a/src/b/'])
    expect(quotedPaths('`a/b.ts`, `/auth/x`, `a b/c`, `d/`')).toEqual(['a/b.ts'])
  })
})
