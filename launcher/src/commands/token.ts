// `token`: prints a bearer token of a demo user and nothing else, for scripts.

import { type CommandInput, type Context, exitCodes } from '../context.ts'
import { signIn } from '../sign-in.ts'

/** Prints the token on standard output; what goes wrong is said on standard error. */
export async function token(context: Context, input: CommandInput): Promise<number> {
  const signedIn = await signIn(context, input.positionals[0])
  if (signedIn.ok) context.output.line(signedIn.value.token)
  else context.output.error(signedIn.error)
  return signedIn.ok ? exitCodes.ok : exitCodes.failed
}
