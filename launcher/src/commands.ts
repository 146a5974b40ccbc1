// The launcher's commands: how each is called and where it is. Loaded one at a time, so that `token` starts
// without the tools of `up`.

import type { ParseArgsOptionsConfig } from 'node:util'
import type { CommandInput, Context } from './context.ts'

export type Command = {
  readonly usage: string
  readonly summary: string
  /** More lines of its own help. */
  readonly details?: readonly string[]
  readonly options?: ParseArgsOptionsConfig
  readonly isHidden?: boolean
  /** Reports faults of the settings itself; of the others most say them and go on: `down` must always work. */
  readonly judgesSettings?: true
  /** A mistyped SALLYPORT_STATE must not cost another system's keys. */
  readonly needsGoodSettings?: true
  readonly load: () => Promise<(context: Context, input: CommandInput) => Promise<number>>
}

/** Every command by its name. */
export const commands: Readonly<Record<string, Command>> = {
  up: {
    usage: 'up',
    summary: 'start everything and say what to open',
    details: [
      'settings, from the environment or `.env`:',
      '  REPLICAS=2    two pairs of Traefik and sidecar on two ports, two backends; needs Redis',
      '  STATE=redis   keep sessions and revocations in a redis-server that is started with the rest',
      '  PUBLIC_PORT, MANAGEMENT_PORT   of the first pair; the second one gets the next, 0 is any',
      '  all of them: docs/settings.md',
    ],
    judgesSettings: true,
    load: async () => (await import('./commands/up.ts')).up,
  },
  supervise: {
    usage: 'supervise',
    summary: 'what `up` leaves running in the background',
    isHidden: true,
    judgesSettings: true,
    load: async () => (await import('./commands/up.ts')).supervise,
  },
  down: {
    usage: 'down',
    summary: 'stop everything',
    load: async () => (await import('./commands/down.ts')).down,
  },
  status: {
    usage: 'status',
    summary: 'show what runs; 0 all ready, 1 some not, 3 nothing runs',
    load: async () => (await import('./commands/status.ts')).status,
  },
  logs: {
    usage: 'logs [service] [-f]',
    summary: 'show log lines of one service or all; -f follows them, --lines N shows more',
    options: {
      follow: { type: 'boolean', short: 'f' },
      lines: { type: 'string', short: 'n' },
    },
    load: async () => (await import('./commands/logs.ts')).logs,
  },
  doctor: {
    usage: 'doctor',
    summary: 'check this machine and say how to get what is missing',
    judgesSettings: true,
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  token: {
    usage: 'token [username]',
    summary: 'print a bearer token of a demo user',
    load: async () => (await import('./commands/token.ts')).token,
  },
  ws: {
    usage: 'ws [username]',
    summary: 'talk over a WebSocket from the shell',
    load: async () => (await import('./commands/ws.ts')).ws,
  },
  rotate: {
    usage: 'rotate <keys>',
    summary: 'new keys while everything runs: token, assertion, certificates, admin',
    details: [
      '  --drop-old=1|now   drop old keys whose time is over, or all',
      '  --name=N           of admin: whose token; without it the one of credentials.json',
    ],
    options: { 'drop-old': { type: 'string' }, name: { type: 'string' } },
    needsGoodSettings: true,
    load: async () => (await import('./commands/rotate.ts')).rotate,
  },
  clean: {
    usage: 'clean',
    summary: 'stop everything and delete keys, demo users and logs',
    needsGoodSettings: true,
    load: async () => (await import('./commands/clean.ts')).clean,
  },
  routes: {
    usage: 'routes',
    summary: 'write traefik-config/dynamic/routes.yml anew from sallyport.yml',
    load: async () => (await import('./commands/routes.ts')).routes,
  },
  'check-config': {
    usage: 'check-config',
    summary: 'let every service check the settings it would get',
    judgesSettings: true,
    load: async () => (await import('./commands/check-config.ts')).checkConfig,
  },
}
