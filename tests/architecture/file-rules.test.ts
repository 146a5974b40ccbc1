import { describe, expect, it } from 'vitest'
import { foreignAddresses, longFiles, silentFiles, switchedOffTests } from './file-rules.ts'
import { readSources } from './repository.ts'

const everything = readSources(/^(?!.*\.(?:png|ico|woff2)$)/)

describe('every file of the repository', () => {
  it('is looked at', () => {
    expect(everything.size).toBeGreaterThan(150)
    expect(everything.has('contracts/src/result.ts')).toBe(true)
  })

  it('opens with its place in the flow', () => {
    expect(silentFiles(everything)).toEqual([])
  })

  it('is short enough to be read in one go', () => {
    expect(longFiles(everything)).toEqual([])
  })

  it('runs all of its tests', () => {
    expect(switchedOffTests(everything)).toEqual([])
  })

  it('names no package registry and no path of one machine', () => {
    expect(foreignAddresses(everything)).toEqual([])
  })
})

/** The fault that a rule finds in one file. */
function inFile(path: string, text: string) {
  return new Map([[path, text]])
}

describe('the rules find what they are for', () => {
  it.each([
    ['a/b.ts', `import a from './a.ts'`],
    ['a/b.tsx', '/** A doc comment is about what follows. */'],
    ['a/b.yml', 'http:'],
    ['a/b.css', ':root {}'],
    ['a/Makefile', 'up:'],
  ])('a silent file: %s', (path, text) => {
    expect(silentFiles(inFile(path, text))).toEqual([path])
  })

  it('a long file, with more room for tests', () => {
    const lines = 'a\n'.repeat(301)
    expect(longFiles(inFile('a/b.ts', lines))).toEqual(['a/b.ts: 301 lines'])
    expect(longFiles(inFile('a/b.test.ts', lines))).toEqual([])
    expect(longFiles(inFile('a/b.test.ts', 'a\n'.repeat(401)))).toEqual(['a/b.test.ts: 401 lines'])
  })

  it.each([
    'it.skip(',
    'test.concurrent.only(',
    'describe.todo(',
    'it\n  .skip(',
    'xit(',
  ])('a test that is switched off: %s', (text) => {
    expect(switchedOffTests(inFile('a/b.test.ts', `${text}'name')`))).toEqual(['a/b.test.ts'])
  })

  it('a word about skipping in a sentence is none', () => {
    const text = `// it.skip( is not allowed\nit('it.only( in a name', () => list.only)`
    expect(switchedOffTests(inFile('a/b.test.ts', text))).toEqual([])
  })

  // Put together here, or this file would be one of its own finds.
  it.each([
    ['https://registry', 'npmjs.org/x'].join('.'),
    ['GOPROXY=https://proxy', 'golang.org'].join('.'),
    ['"resolved":', '"https://example.com/a.tgz"'].join(' '),
    ['cd ', 'home/somebody/sallyport'].join('/'),
    ['see ', 'work/notes.md'].join('/'),
    ['log in ', 'tmp/log.txt'].join('/'),
  ])('a foreign address: %s', (text) => {
    expect(foreignAddresses(inFile('docs/a.md', text))).toHaveLength(1)
  })
})
