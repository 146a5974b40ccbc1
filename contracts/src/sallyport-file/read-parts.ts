// The outer members of the file, then each route, backend and issuer by itself: a fault in one hides none of another.

import type { z } from 'zod'
import { describeIssues, place } from './describe-issues.ts'
import type { Path, PolicyFault, YamlFile } from './read-yaml.ts'
import {
  type BackendEntry,
  backendSchema,
  fileSchema,
  type IssuerEntry,
  issuerSchema,
  nameSchema,
  type RouteEntry,
  routeSchema,
} from './schema.ts'

/** A part that is good by itself. */
export type Part<Entry> = { readonly name: string; readonly entry: Entry }

export type Parts = {
  readonly routes: readonly Part<RouteEntry>[]
  /** Whether the file names any route, good or bad. */
  readonly hasRoutes: boolean
  readonly backends: readonly Part<BackendEntry>[]
  /** All that the file names, the bad ones too: a route that uses one of those has no fault of its own. */
  readonly backendNames: ReadonlySet<string>
  readonly issuers: readonly Part<IssuerEntry>[]
  readonly addresses: { readonly unlimited: readonly string[]; readonly blocked: readonly string[] }
  readonly faults: readonly PolicyFault[]
}

/** Judges the parts of a file one by one. */
export function readParts(file: YamlFile): Parts {
  const faults: PolicyFault[] = []
  const outer = fileSchema.safeParse(file.value, { reportInput: true })
  if (!outer.success) faults.push(...describeIssues(outer.error.issues, [], file))
  const members = isMapping(file.value) ? file.value : {}
  const named = <Entry>(section: 'routes' | 'backends', schema: z.ZodType<Entry>) =>
    Object.entries(mappingIn(members, section)).flatMap(([name, value]) => {
      const goodName = nameSchema.safeParse(name)
      if (!goodName.success) {
        const said = goodName.error.issues[0]?.message ?? ''
        faults.push(file.faultAtKey([section], name, place([section, clip(name)], said)))
      }
      const entry = judge(schema, value, [section, name], file, faults)
      return goodName.success && entry !== undefined ? [{ name, entry }] : []
    })
  const given = members['issuers']
  const issuers = (Array.isArray(given) ? (given as unknown[]) : []).flatMap((value, index) => {
    const entry = judge(issuerSchema, value, ['issuers', index], file, faults)
    return entry === undefined ? [] : [{ name: `${index}`, entry }]
  })
  return {
    routes: named('routes', routeSchema),
    hasRoutes: members['routes'] !== undefined,
    backends: named('backends', backendSchema),
    backendNames: new Set(Object.keys(mappingIn(members, 'backends'))),
    issuers,
    addresses: (outer.success && outer.data.addresses) || { unlimited: [], blocked: [] },
    faults,
  }
}

function judge<Entry>(
  schema: z.ZodType<Entry>,
  value: unknown,
  base: Path,
  file: YamlFile,
  faults: PolicyFault[],
): Entry | undefined {
  const judged = schema.safeParse(value, { reportInput: true })
  if (judged.success) return judged.data
  faults.push(...describeIssues(judged.error.issues, base, file))
  return undefined
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mappingIn(members: Record<string, unknown>, section: string): Record<string, unknown> {
  const value = members[section]
  return isMapping(value) ? value : {}
}

function clip(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}…` : name
}
