// What `up` says when everything is ready. Passwords are shown to a person at a terminal only:
// what is not a terminal is often a log that others read.

import { relative } from 'node:path'
import pc from 'picocolors'
import type { Context } from './context.ts'
import type { Endpoints } from './endpoints.ts'
import { readCredentials } from './secrets/demo-users.ts'

/** The lines of the closing summary. */
export function summaryLines(context: Context, endpoints: Endpoints): string[] {
  const { output, state, root } = context
  const paint = pc.createColors(output.colors)
  const users = readCredentials(state)?.users ?? []
  const logins = output.isTerminal
    ? users.map(({ username, password }) => `${username} / ${password}`).join('   ')
    : `${users.map(({ username }) => username).join(', ')}, passwords in ${state.credentials}`
  const inRoot = relative(root, state.directory)
  const folder = inRoot.startsWith('..') ? state.directory : inRoot
  const suffix = inRoot === '.sallyport' ? '' : ` SALLYPORT_STATE=${folder}`
  const managed = endpoints.replicas.map(({ management }) => management).join('   ')
  const row = (name: string, text: string) => `  ${paint.dim(name.padEnd(10))} ${text}`
  return [
    '',
    paint.green(paint.bold('Sallyport is ready.')),
    row('open', endpoints.replicas.map((replica) => paint.bold(replica.public)).join('   ')),
    row('sign in', logins),
    row('socket', `make ws${suffix}`),
    row('token', `make token${suffix}`),
    row('operate', `${managed}, admin token in ${state.credentials}`),
    row('stop', `make down${suffix}`),
    row('state', folder),
    '',
  ]
}
