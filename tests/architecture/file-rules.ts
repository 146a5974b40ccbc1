// What holds for every file of the repository, whatever it says. Pure: sources in, violations out.

import type { Sources } from './import-graph.ts'
import { codeOf } from './source-text.ts'

const isTest = (path: string): boolean =>
  /\.(?:test|contract)\.tsx?$/.test(path) || path.startsWith('tests/')

const maxLines = 300
const maxTestLines = 400

/** How a file of each kind opens when it opens with a comment. */
const openings: readonly (readonly [RegExp, RegExp])[] = [
  [/\.(?:ts|tsx|go)$/, /^\/\/ \S/],
  [/(?:\.ya?ml|(?:^|\/)Makefile|\.env\.example)$/, /^# \S/],
  [/\.css$/, /^\/\* \S/],
]

/** Files that do not begin by saying what they are. A unit test is excused: its names say it. */
export function silentFiles(sources: Sources): string[] {
  return [...sources]
    .filter(([path]) => !/\.test\.tsx?$/.test(path))
    .filter(([path, text]) => openings.some(([kind, form]) => kind.test(path) && !form.test(text)))
    .map(([path]) => path)
}

/** Source files that are too long to be read in one go. */
export function longFiles(sources: Sources): string[] {
  return [...sources]
    .filter(([path]) => /\.(?:ts|tsx|css|go)$/.test(path))
    .map(([path, text]) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ path, lines }) => lines > (isTest(path) ? maxTestLines : maxLines))
    .map(({ path, lines }) => `${path}: ${lines} lines`)
}

/** Tests that are switched off, or switch the others off. */
export function switchedOffTests(sources: Sources): string[] {
  const form =
    /\b(?:it|test|describe|suite|bench)(?:\s*\.\s*\w+)*?\s*\.\s*(?:skip|only|todo)\b|\b[xf](?:it|describe|test)\s*\(/
  return [...sources]
    .filter(
      ([path, text]) =>
        isTest(path) && /\.tsx?$/.test(path) && form.test(codeOf(text, 'quotes-only')),
    )
    .map(([path]) => path)
}

/** Addresses of one person's machine or network, which work nowhere else. */
const foreignTexts = {
  'a registry':
    /\bregistry\.(?:npmjs|yarnpkg)\b|\b(?:proxy|sum)\.golang\.org\b|"resolved": *"http|\/(?:artifactory|nexus)\//,
  'a path of one machine': /(?<![\w.~-])\/(?:work|root|Users|home\/\w+)\/|\/tmp\/(?!sallyport)\w/,
}

/** Text files that name a package registry or a path of somebody's machine. */
export function foreignAddresses(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) =>
    Object.entries(foreignTexts)
      .filter(([, form]) => !text.includes('\0') && form.test(text))
      .map(([what]) => `${path}: ${what}`),
  )
}
