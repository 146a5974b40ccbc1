// Environment → settings, the same way in every service: a pure function that names all faults at once.
// It must not read `process.env` itself; `main.ts` passes it in.

import { accessSync, constants } from 'node:fs'
import { nearestWord } from '@sallyport/contracts/nearest'
import { err, ok, type Result } from '@sallyport/contracts/result'
import { z } from 'zod'
import { holdsTlsIdentity } from './mutual-tls.ts'

/** The environment as a process has it. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the schema's variables. An empty value counts as unset, and a variable that starts with one of
 * `ownPrefixes` but is not in the schema is a fault: a misspelt setting must not be ignored silently.
 * The error lists one sentence a fault.
 */
export function readSettings<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Environment,
  ownPrefixes: readonly string[],
): Result<z.output<z.ZodObject<Shape>>, readonly string[]> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const unknown = Object.keys(given)
    .filter((name) => ownPrefixes.some((prefix) => name.startsWith(prefix)))
    .filter((name) => !(name in schema.shape))
    .map((name) => `${name}: ${unknownSetting(name, Object.keys(schema.shape), ownPrefixes)}`)
  const parsed = schema.safeParse(given)
  const faults = parsed.success
    ? unknown
    : [
        ...parsed.error.issues.map(
          (issue) => `${String(issue.path[0])}: ${sentence(issue, given)}`,
        ),
        ...unknown,
      ]
  if (!parsed.success || faults.length > 0) return err(faults)
  return ok(parsed.data)
}

/** A whole number in a range, written in decimal digits. */
export function wholeNumber(minimum: number, maximum: number) {
  const sentenceOfRange = `must be a whole number from ${minimum} to ${maximum}`
  return z
    .string()
    .regex(/^\d{1,15}$/, sentenceOfRange)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, sentenceOfRange)
}

/** A TCP port. */
export const portNumber = wholeNumber(1, 65_535)

/** `true` or `false`, nothing else. */
export const flag = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .transform((value) => value === 'true')

/** A comma-separated list; blanks around entries are dropped, an empty entry is a fault. */
export const commaList = z
  .string()
  .transform((text) => text.split(',').map((entry) => entry.trim()))
  .refine((entries) => entries.every((entry) => entry !== ''), 'has an empty entry')

/** A file that could be read when it was asked; settings hold its path, not its content. */
export const readableFile = z.string().refine(canRead, 'names a file that cannot be read')

/** The folder of one role's certificate. */
export const tlsDirectory = z
  .string()
  .refine(holdsTlsIdentity, 'must hold authority.pem, certificate.pem and key.pem')

function canRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

function sentence(issue: z.core.$ZodIssue, given: Record<string, unknown>): string {
  const missing = issue.path.length === 1 && !(String(issue.path[0]) in given)
  if (missing) return 'must be set'
  const isWord = issue.code === 'invalid_value' && issue.message.startsWith('Invalid option')
  return isWord ? `must be one of ${issue.values.join(', ')}` : issue.message
}

function unknownSetting(
  name: string,
  known: readonly string[],
  ownPrefixes: readonly string[],
): string {
  const prefix = ownPrefixes.find((each) => name.startsWith(each)) ?? ''
  // What all of them begin with must not count as likeness.
  const tails = known
    .filter((each) => each.startsWith(prefix))
    .map((each) => each.slice(prefix.length))
  const meant = nearestWord(name.slice(prefix.length), tails)
  const hint = meant === undefined ? ',' : `, did you mean ${prefix}${meant}?`
  return `there is no such setting${hint} see docs/settings.md`
}
