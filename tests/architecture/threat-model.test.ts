// docs/threat-model.md names a test for every row: here that test is looked for, in the code and not in a comment.

import { describe, expect, it } from 'vitest'
import { documentOf, sectionOf } from './documents.ts'
import { readSources } from './repository.ts'

const text = documentOf('docs/threat-model.md')
const thisFile = 'tests/architecture/threat-model.test.ts'
const sources = new Map(
  [...readSources(/\.(?:test|contract)\.tsx?$|^tests\/integration\/attacks\/.*\.ts$/)].filter(
    ([path]) => path !== thisFile,
  ),
)

type Row = { readonly ids: readonly string[]; readonly cells: readonly string[] }

const numbered = (prefix: string, first: number, last: number, digits = 1) =>
  Array.from({ length: last - first + 1 }, (_, at) => {
    return prefix + `${first + at}`.padStart(digits, '0')
  })

/** `J01–J03` and `TRN-3, W33` as ids one by one. */
function idsIn(cell: string): string[] {
  return cell.split(', ').flatMap((part) => {
    const [, prefix = '', first = '', last] = /^([A-Z]+-?)(\d+)(?:–\1(\d+))?$/.exec(part) ?? []
    return numbered(prefix, Number(first), Number(last ?? first), first.length)
  })
}

function rowsOf(section: string): Row[] {
  const lines = section.split('\n').filter((line) => /^\| [A-Z]+-?\d/.test(line))
  return lines.map((line) => {
    const cells = line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''))
    return { ids: idsIn(cells[0] ?? ''), cells }
  })
}

/** Whether a file's code, a test's name as a rule, carries an id. */
function carries(path: string, id: string): boolean {
  const code = (sources.get(path) ?? '').replace(/^\s*\/\/.*$/gm, '')
  return new RegExp(`(?:^|[^A-Za-z0-9.-])${id}(?![0-9])`, 'm').test(code)
}

const all = rowsOf(sectionOf(text, '## Row by row'))
const untested = all.filter(({ cells }) => cells.length === 3)
const tested = all.filter(({ cells }) => cells.length === 4)

/** How many rows of each theme must be answered. */
const themes = {
  TRN: 8,
  ORG: 7,
  AUT: 16,
  COO: 7,
  TKT: 6,
  FMA: 4,
  SUB: 2,
  HDR: 9,
  SEC: 3,
  LIM: 8,
  LOG: 3,
  ERR: 2,
  SUP: 1,
}

describe('docs/threat-model.md', () => {
  it('answers every row once', () => {
    const asked = [
      ...Object.entries(themes).flatMap(([theme, count]) => numbered(`${theme}-`, 1, count)),
      ...numbered('J', 1, 50, 2),
      ...numbered('W', 10, 18),
      ...numbered('W', 30, 42),
      ...numbered('W', 50, 53),
      ...numbered('W', 80, 96),
      ...numbered('SES-', 1, 15),
    ]
    const answered = all.flatMap(({ ids }) => ids)
    expect(asked.filter((id) => !answered.includes(id))).toEqual([])
    expect(answered.filter((id, at) => answered.indexOf(id) !== at)).toEqual([])
    expect(tested.length + untested.length).toBe(all.length)
  })

  it('names tests that are there and carry the row’s id', () => {
    const faults = tested.flatMap(({ ids, cells }) => {
      const paths = [...(cells[3] ?? '').matchAll(/`([^`]+)`/g)].map(([, path = '']) => path)
      return [
        ...paths.filter((path) => !sources.has(path)).map((path) => `${path} is not there`),
        ...paths
          .filter((path) => !ids.some((id) => carries(path, id)))
          .map((path) => `${path} carries none of ${ids.join(' ')}`),
        ...ids
          .filter((id) => !paths.some((path) => carries(path, id)))
          .map((id) => `${id} is in none of ${paths.join(' ') || 'nothing'}`),
      ]
    })
    expect(faults).toEqual([])
  })

  it('leaves no row without a test but those that cannot be true yet, and no test to them', () => {
    const open = untested.flatMap(({ ids }) => ids)
    expect(open.toSorted()).toEqual(['AUT-11', 'SES-10', 'SES-9', 'TRN-1'])
    expect(open.filter((id) => [...sources.keys()].some((path) => carries(path, id)))).toEqual([])
  })
})
