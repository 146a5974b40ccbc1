// The users file: who may sign in with a password. Says what is wrong with it, and never a word of what stands in it.

import { err, ok, type Result } from '@sallyport/contracts/result'
import type { z } from 'zod'
import { type User, usersFileSchema } from './password-hash.ts'

/** Parses the file; the error has a sentence for each fault. */
export function parseUsersFile(text: string): Result<readonly User[], readonly string[]> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // What it complains about quotes the text.
    return err(['is not JSON'])
  }
  const users = usersFileSchema.safeParse(json)
  return users.success ? ok(users.data) : err(users.error.issues.map(sentenceOf))
}

/** Places are numbers of entries and members that we know: both are safe to say. */
function sentenceOf({ path, message, code }: z.core.$ZodIssue): string {
  const [index, ...members] = path
  const said = code === 'unrecognized_keys' ? 'has a member that is not known' : message
  if (index === undefined) return said
  const place = [`entry ${Number(index) + 1}`, ...members.map(String)].join(', ')
  return `${place}: ${said}`
}
