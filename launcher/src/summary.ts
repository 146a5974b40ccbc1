// What `up` says when everything is ready. Passwords are shown to a person at a terminal only:
// what is not a terminal is often a log that others read.

import { relative } from 'node:path'
import pc from 'picocolors'
import type { Context } from './context.ts'
import type { Endpoints } from './endpoints.ts'
import { readCredentials } from './secrets/demo-users.ts'

/** What surprises people with two windows. */
const aboutPairs = [
  'either address; signed in at one is signed in at both',
  'rooms are per backend: a message may not reach the other window',
] as const

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
  const isPaired = endpoints.replicas.length > 1
  const either = isPaired ? ' (either does)' : ''
  const row = (name: string, text: string) => `  ${paint.dim(name.padEnd(10))} ${text}`
  return [
    '',
    paint.green(paint.bold('Sallyport is ready.')),
    row('open', endpoints.replicas.map((replica) => paint.bold(replica.public)).join('   ')),
    ...(isPaired ? aboutPairs.map((text) => row('', text)) : []),
    row('sign in', logins),
    row('socket', `make ws${suffix}`),
    row('token', `make token${suffix}`),
    row('operate', `${managed}${either}, admin token in ${state.credentials}`),
    ...askingLines(endpoints.management, state.credentials).map((text) => row('', text)),
    row('stop', `make down${suffix}`),
    row('state', folder),
    '',
  ]
}

/** A line for a shell, which reads the token when it is run; none for a path that a shell would not take as it is. */
function askingLines(management: string, credentials: string): string[] {
  if (!/^[\w ./@+-]+$/.test(credentials)) return []
  const token = `$(node -p "require('${credentials}').adminToken")`
  return [`curl -H "Authorization: Bearer ${token}" ${management}/admin/connections`]
}
