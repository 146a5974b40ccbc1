// How many sockets fit: each is a file in the load's process, and two in the Traefik that passes it on.

import { readFileSync } from 'node:fs'

/** What every process keeps besides: logs, libraries, connections of its own. */
const reserve = 1000

/** Hard limit of open files out of the text of `/proc/<pid>/limits`, which Node and Traefik raise theirs to. */
export function parseOpenFiles(limits: string): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1]
  if (hard === 'unlimited') return Infinity
  if (hard === undefined || Number.isNaN(Number(hard))) throw new Error('no limit of open files')
  return Number(hard)
}

/** As many of the sockets wanted as fit when `gates` Traefiks share them. */
export function socketsThatFit(wanted: number, openFiles: number, gates: number): number {
  const left = Math.max(0, openFiles - reserve)
  return Math.floor(Math.min(wanted, left, (left * gates) / 2))
}

/** The limit of open files that children inherit; throws where there is no /proc. */
export function readOpenFiles(): number {
  return parseOpenFiles(readFileSync('/proc/self/limits', 'utf8'))
}
