// What the reader of sallyport.yml says to whoever wrote it: a sentence for each slip, and one only.

import { expect, it } from 'vitest'
import { defaultWays, formatPolicyFault, parseSallyportFile } from '../sallyport-file.ts'

function faultsOf(text: string): readonly string[] {
  const parsed = parseSallyportFile(text, {
    publicOrigins: ['http://localhost:8080'],
    mode: 'development',
    defaults: { ways: defaultWays, allowMissingOrigin: true, perMinute: 10 },
  })
  return parsed.ok ? [] : parsed.error.map((fault) => formatPolicyFault('f', fault))
}

const route = (members: string) =>
  `version: 1\nroutes:\n  app: { kind: websocket, path: /app, ${members} }\n`
const issuer = (members: string) =>
  `version: 1\nissuers:\n  - { issuer: 'https://a.test', keySetUrl: 'https://a.test/k', audience: x, ${members} }\n`
const perMinute = 'must be a whole number from 1 to 1000000'

it.each([
  ['a word for a list', route('ways: authorization'), 'ways: must be a list, like [authorization]'],
  ['a group for a list', route('who: { groups: staff }'), 'groups: must be a list, like [staff]'],
  ['a number for a list', route('hosts: 3'), 'hosts: must be a list, like [one, another]'],
  ['a fraction', route('attempts: { perMinute: 1.5 }'), `perMinute: ${perMinute}`],
  ['a word for a number', route('attempts: { perMinute: many }'), `perMinute: ${perMinute}`],
  ['a number too small', issuer('maxLifeSeconds: 0'), 'must be a whole number from 1 to 86400'],
  ['yes for a truth', route('allowMissingOrigin: yes'), 'must be true or false'],
  ['a number for a text', route('audience: 5'), 'audience: must be a text'],
  ['a word for a mapping', route('who: staff'), 'who: must be a mapping'],
  ['an empty text', route("who: { groups: [''] }"), 'groups.0: must not be empty'],
  [
    'an odd claim',
    route('who: { claims: { a: [{}] } }'),
    'must be a text of at most 256 characters',
  ],
  ['an empty list of claims', route('who: { claims: { a: [] } }'), 'claims.a: must have an entry'],
  ['no version', 'routes:\n  app: { kind: websocket, path: /app }\n', 'begin with version: 1'],
  ['a bit too much', 'version: 1\naddresses: { blocked: [10.0.0.5/24] }\n', 'write 10.0.0.0/24'],
])('RX.13 answers %s in one sentence', (_name, text, said) => {
  expect(faultsOf(text)).toEqual([expect.stringContaining(said)])
  expect(faultsOf(text)[0]).not.toMatch(/invalid input|expected|too (?:big|small)/i)
})

it('RX.13 says which key stands there twice, and where the first one is', () => {
  const routes = 'routes:\n  a: { kind: websocket, path: /a }\n  b: { kind: websocket, path: /b }\n'
  expect(faultsOf(`version: 1\n${routes}  a: { kind: websocket, path: /c }\n`)).toEqual([
    'f:5:3: "a" stands here a second time, first in line 3',
  ])
  expect(faultsOf('version: 1\nversion: 1\n')).toEqual([
    'f:2:1: "version" stands here a second time, first in line 1',
  ])
})
