import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Policy, Route } from '@sallyport/contracts/policy'
import {
  defaultPolicy,
  defaultWays,
  type SallyportFileOptions,
} from '@sallyport/contracts/sallyport-file'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ActivePolicy, activatePolicy } from './active-policy.ts'
import { createFixedPolicy, type PolicySource } from './policy-source.ts'
import { watchPolicy } from './watched-policy.ts'

const options: SallyportFileOptions = {
  publicOrigins: ['http://localhost:8080'],
  mode: 'development',
  defaults: { ways: defaultWays, allowMissingOrigin: true, perMinute: 10 },
}

const fileWith = (who: string) =>
  `version: 1\nroutes:\n  websocket: { kind: websocket, path: /ws, who: ${who} }\naddresses: { blocked: [10.0.0.0/8] }\n`

let folder: string
let path: string
let source: PolicySource | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-policy-'))
  path = join(folder, 'sallyport.yml')
})

afterEach(async () => {
  await source?.close()
  source = undefined
  rmSync(folder, { recursive: true })
})

/** The watched policy, and what happens to it next. */
function open() {
  let taken = Promise.withResolvers<ActivePolicy>()
  let refused = Promise.withResolvers<readonly string[]>()
  const opened = watchPolicy({
    path,
    options,
    onTaken: (active) => taken.resolve(active),
    onFaults: (faults) => refused.resolve(faults),
  })
  if (!opened.ok) throw new Error(opened.error.join('\n'))
  source = opened.value
  return {
    source: opened.value,
    nextTaken: () => {
      taken = Promise.withResolvers()
      return taken.promise
    },
    nextRefused: () => {
      refused = Promise.withResolvers()
      return refused.promise
    },
  }
}

describe('the policy in force', () => {
  it('RX.13 finds routes by name, names the claims asked about, and knows blocked addresses', () => {
    writeFileSync(path, fileWith('{ claims: { plan: [gold] } }'))
    const active = open().source.current()
    expect(active.route('websocket')?.path).toBe('/ws')
    expect(active.route('constructor')).toBeUndefined()
    expect([...active.claimNames]).toEqual(['plan'])
    expect(active.addressKind('10.1.2.3')).toBe('blocked')
    expect(active.addressKind('11.1.2.3')).toBe('limited')
    expect(active.version).toBe(1)
  })

  it('RX.13 is taken over when the file was written anew, and listeners are told', async () => {
    writeFileSync(path, fileWith('{ groups: [staff] }'))
    const { source, nextTaken } = open()
    const told: number[] = []
    source.onChange(({ version }) => told.push(version))
    const taken = nextTaken()
    writeFileSync(path, fileWith('{ groups: [admin] }'))
    await taken
    expect(source.current().route('websocket')?.who.groups).toEqual(['admin'])
    expect(told).toEqual([2])
  })

  it('RX.13 is taken over when another file was put in its place', async () => {
    writeFileSync(path, fileWith('{ groups: [staff] }'))
    const { source, nextTaken } = open()
    const taken = nextTaken()
    writeFileSync(join(folder, 'draft'), fileWith('{ groups: [admin] }'))
    renameSync(join(folder, 'draft'), path)
    await taken
    expect(source.current().route('websocket')?.who.groups).toEqual(['admin'])
  })

  it('RX.13 stays when the file became faulty or went away, and is followed again after that', async () => {
    writeFileSync(path, fileWith('{ groups: [staff] }'))
    const { source, nextRefused, nextTaken } = open()
    const faulty = nextRefused()
    writeFileSync(path, fileWith('{ grups: [staff] }'))
    expect(await faulty).toEqual([
      expect.stringMatching(/sallyport\.yml:3:\d+: .*did you mean groups/),
    ])
    const gone = nextRefused()
    rmSync(path)
    expect(await gone).toEqual([expect.stringContaining('cannot be read')])
    expect(source.current().version).toBe(1)
    expect(source.current().route('websocket')?.who.groups).toEqual(['staff'])
    const taken = nextTaken()
    writeFileSync(path, fileWith('{ groups: [admin] }'))
    expect((await taken).version).toBe(2)
  })

  it('RX.13 does not start on a faulty file', () => {
    writeFileSync(path, 'version: 1\nroutes: []\n')
    expect(() => open()).toThrow(/sallyport\.yml:2:\d+: routes/)
  })

  it('RX.13 has one digest wherever it is the same, however it was written', () => {
    const policy = defaultPolicy(options)
    const digestOf = (changed: Policy, version = 1) => activatePolicy(changed, version).digest
    const [route] = policy.routes
    if (!route) throw new Error('there is no route')
    const turned = Object.fromEntries(Object.entries(route).toReversed()) as Route
    expect(digestOf({ ...policy, routes: [turned] }, 7)).toBe(digestOf(policy))
    expect(digestOf(policy)).toMatch(/^[A-Za-z0-9_-]{43}$/)
    const others = [
      { ...route, origins: [...route.origins, 'https://more.example'] },
      { ...route, who: { ...route.who, claims: { plan: ['gold'] } } },
      { ...route, audience: 'orders' },
    ]
    const digests = others.map((each) => digestOf({ ...policy, routes: [each] }))
    expect(new Set([digestOf(policy), ...digests]).size).toBe(4)
    const addresses = { unlimited: [], blocked: ['192.0.2.0/24'] }
    expect(digestOf({ ...policy, addresses })).not.toBe(digestOf(policy))
  })

  it('RX.13 can be fixed: without a file there is the one websocket route', async () => {
    const fixed = createFixedPolicy(defaultPolicy(options))
    expect(fixed.current().policy.routes.map(({ name }) => name)).toEqual(['websocket'])
    await fixed.close()
  })
})
