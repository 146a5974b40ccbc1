import { describe, expect, it } from 'vitest'
import { parseSallyportFile } from '../sallyport-file.ts'

const options = {
  publicOrigins: ['https://app.example.com'],
  mode: 'production',
  defaults: { ways: ['authorization'], allowMissingOrigin: false, perMinute: 10 },
} as const

type IssuerLine = readonly [issuer: string, more?: string]

/** One line an issuer; from line 3 on. */
const fileOf = (issuers: readonly IssuerLine[]) =>
  [
    'version: 1',
    'issuers:',
    ...issuers.map(
      ([issuer, more = '']) =>
        `  - { issuer: '${issuer}', keySetUrl: '${issuer}/keys', audience: api${more} }`,
    ),
    '',
  ].join('\n')

function prefixesOf(...issuers: readonly IssuerLine[]) {
  const parsed = parseSallyportFile(fileOf(issuers), options)
  if (parsed.ok) return parsed.value.issuers.map(({ prefix }) => prefix)
  return parsed.error.map(({ line, message }) => `${line}: ${message}`)
}

describe('the names of another issuer’s people', () => {
  it('AUT-6 begin with the host of the issuer, unless the file says otherwise', () => {
    expect(
      prefixesOf(
        ['https://login.example.org/realms/main'],
        ['https://id.example.net:8443', ''],
        ['https://partner.example', ", prefix: 'p~'"],
        ['https://ours.example', ", prefix: ''"],
      ),
    ).toEqual(['login.example.org:', 'id.example.net:8443:', 'p~', ''])
  })

  it.each([
    'a b',
    'é:',
    'x'.repeat(65),
  ])('AUT-6 begin with nothing but printable ASCII, 64 characters at most: not %j', (prefix) => {
    expect(prefixesOf(['https://a.example', `, prefix: "${prefix}"`])).toEqual([
      expect.stringMatching(/^3: issuers\.0\.prefix: must be /),
    ])
  })

  it('AUT-6 need a prefix in the file where the host is too long to be one', () => {
    const host = `https://${'long-label.'.repeat(6)}example`
    expect(prefixesOf([host])).toEqual([
      expect.stringMatching(/^3: issuers\.0\.prefix: is missing, /),
    ])
    expect(prefixesOf([host, ", prefix: 'l:'"])).toEqual(['l:'])
  })

  it.each([
    ['the same host', ['https://id.example/a'], ['https://id.example/b']],
    [
      'one prefix',
      ['https://a.example', ", prefix: 'x:'"],
      ['https://b.example', ", prefix: 'x:'"],
    ],
    [
      'one in the other',
      ['https://a.example', ", prefix: 'x:'"],
      ['https://b.example', ", prefix: 'x:y:'"],
    ],
    [
      'the other in one',
      ['https://a.example', ", prefix: 'x:y:'"],
      ['https://b.example', ", prefix: 'x:'"],
    ],
  ] as const)('AUT-6 J39 are told apart: %s is a fault', (_name, first, second) => {
    expect(prefixesOf(first, second)).toEqual([
      expect.stringMatching(/^4: issuers\.1\.prefix: .*https:\/\/(?:a\.example|id\.example\/a)/),
    ])
  })

  it('AUT-6 may be ours for several issuers, when the file says so of each', () => {
    const empty = ", prefix: ''"
    expect(prefixesOf(['https://id.example/a', empty], ['https://id.example/b', empty])).toEqual([
      '',
      '',
    ])
  })
})
