// Redis could not be asked, or did not do what it was told. An outage, never an answer: whoever waits is refused.
// Carries a code and nothing else: the client's own errors hold the command's arguments, a password among them.

/** Thrown by everything that asks Redis. */
export class RedisOutage extends Error {
  override readonly name = 'RedisOutage'
  /** What Redis or the system calls it (`READONLY`, `ECONNREFUSED`), or a word of ours. */
  readonly code: string

  constructor(code: string) {
    super(`the state store cannot be used: ${code}`)
    this.code = code
  }
}

/** The outage that an error of the client stands for. */
export function outageOf(error: unknown): RedisOutage {
  return error instanceof RedisOutage ? error : new RedisOutage(codeOf(error))
}

/** A reply's error begins with its code, which is part of Redis's protocol; the text behind it may quote a value. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code } = error as { readonly code?: unknown }
  if (error.name === 'ReplyError') return /^[A-Z]{2,32}\b/.exec(error.message)?.[0] ?? 'ERR'
  return typeof code === 'string' && /^[A-Z_]{2,32}$/.test(code) ? code : 'unavailable'
}

/** A value that is not of the form we write. Somebody else's, or damaged: it says nothing about anybody. */
export function corruptValue(): RedisOutage {
  return new RedisOutage('corrupt-value')
}
