// The query of an operator's request, read strictly: a misspelt parameter must not turn an end of a session into the end
// of one socket, or a search for one subject into a list of everybody. Pure.

import { type Denial, refuse } from '@sallyport/contracts/denials'
import { ok, type Result } from '@sallyport/contracts/result'

/** Every parameter that may stand there, and the form of its value. */
type QueryForm<Name extends string> = Readonly<Record<Name, RegExp>>

/** The values given; the denial names every parameter at fault, and those there are. */
export function readQuery<Name extends string>(
  query: URLSearchParams,
  form: QueryForm<Name>,
): Result<Partial<Record<Name, string>>, Denial> {
  const names = Object.keys(form) as Name[]
  const isKnown = (name: string): name is Name => Object.hasOwn(form, name)
  const faulty = names.filter((name) => {
    const values = query.getAll(name)
    return values.length > 1 || values.some((value) => !form[name].test(value))
  })
  const hasUnknown = [...query.keys()].some((name) => !isKnown(name))
  if (faulty.length === 0 && !hasUnknown) {
    const given = names.flatMap((name) => {
      const value = query.get(name)
      return value === null ? [] : [[name, value] as const]
    })
    return ok(Object.fromEntries(given) as Partial<Record<Name, string>>)
  }
  const faults = faulty.map((name) => `${name}: given twice, or of another form`)
  const known = names.length === 0 ? 'there are no parameters' : `there is only ${names.join(', ')}`
  return refuse('malformed-request', 'query', {
    detail: [...faults, ...(hasUnknown ? [known] : [])].join('; '),
  })
}

/** As names and ids may be: no control characters. */
export const nameValue = /^[^\p{C}]{1,256}$/u
export const idValue = /^[A-Za-z0-9_-]{1,128}$/
