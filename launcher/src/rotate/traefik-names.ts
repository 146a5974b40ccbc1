// Which files of Traefik's certificate its dynamic configuration names. Found out with the real one: it reads them anew
// with every change of that configuration and never otherwise, and a key that does not fit its certificate at that
// moment costs every guarded route until the next change. So files that it names are never written into: a new
// certificate lies in a folder of its own, and then the names change, each file in one step.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type StatePaths, writePrivateFile } from '../state-folder.ts'

/** Where Traefik's own folder is, as its files say it, and the folder inside it that a rotation made. */
const namedFile =
  /(\{\{ env "SALLYPORT_TRAEFIK_TLS" \}\})\/(?:[\w-]+\/)?((?:authority|certificate|key)\.pem)/g

/** The text with every name leading into this folder of Traefik's own. */
export function namesIn(text: string, folder: string): string {
  return text.replaceAll(namedFile, `$1/${folder}/$2`)
}

/**
 * The dynamic files of every Traefik of this state folder. Those that say how services are reached come last: whoever
 * sees their change in force knows that all others are.
 */
export function dynamicFiles({ traefik }: StatePaths): readonly string[] {
  const entries = readdirSync(traefik, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => dirname(path) !== traefik)
    .toSorted((a, b) => Number(saysTransports(a)) - Number(saysTransports(b)))
}

function saysTransports(path: string): boolean {
  return /^ *serversTransports:/m.test(readFileSync(path, 'utf8'))
}

/** Lets all of them name this folder; returns how many had to be changed. */
export function nameFolder(state: StatePaths, folder: string): number {
  let changed = 0
  for (const path of dynamicFiles(state)) {
    const text = readFileSync(path, 'utf8')
    const next = namesIn(text, folder)
    if (next === text) continue
    // Beside Traefik's folder, not in it: it would take the half-written one for a file of its own.
    writePrivateFile(path, next, `${dirname(path)}.${process.pid}.new`)
    changed += 1
  }
  return changed
}
