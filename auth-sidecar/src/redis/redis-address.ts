// Where Redis is, from a URL. Pure. A password in a URL would stand in process lists, logs and error texts.

import { err, ok, type Result } from '@sallyport/contracts/result'

/** Where to connect, and as whom. */
export type RedisAddress = {
  readonly host: string
  readonly port: number
  readonly isTls: boolean
  /** Of Redis's access list; undefined for its default user. */
  readonly username: string | undefined
}

/** Reads `redis://user@host:port/0` or `rediss://…`; the error says what is wrong and quotes nothing. */
export function parseRedisAddress(text: string): Result<RedisAddress, string> {
  const url = URL.parse(text)
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
    return err('must be of the form redis://user@host:port/0 or rediss://user@host:port/0')
  }
  if (url.password !== '') return err('must not contain a password: that has a file of its own')
  if (!['', '/', '/0'].includes(url.pathname)) {
    return err('must name database 0: others are no boundary, a prefix is')
  }
  if (url.search !== '' || url.hash !== '') return err('must have neither a query nor a fragment')
  const username = decodeName(url.username)
  if (username === undefined) return err('has a user whose name is not well encoded')
  return ok({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    isTls: url.protocol === 'rediss:',
    username: username === '' ? undefined : username,
  })
}

function decodeName(name: string): string | undefined {
  try {
    return decodeURIComponent(name)
  } catch {
    return undefined
  }
}
