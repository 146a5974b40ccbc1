// launcher.log: what a run in the background says about itself, one JSON line each, so that it has a time among
// the services' lines. Knows nothing of processes.

import { existsSync, readFileSync } from 'node:fs'
import type { Output } from '../context.ts'
import type { StatePaths } from '../state-folder.ts'

type Entry = { readonly level: 'info' | 'warn' | 'error'; readonly text: string }

const shownFaults = 3

/** What a run says when its user ends it: whatever it complained of before did not end it. */
export const stoppingLine = 'stopping'

/** Ends the complaints about a faulty edit of sallyport.yml, which ends no run either. */
export const routesKeptLine = 'the routes stay as they were'

/** An output whose lines are written as JSON with their time. */
export function createLogOutput(write: (line: string) => void, now: () => number): Output {
  const say = (level: Entry['level'], said: string) => {
    const time = new Date(now()).toISOString()
    for (const msg of said.split('\n')) write(JSON.stringify({ level, time, msg }))
  }
  return {
    line: (text = '') => say('info', text),
    error: (text) => say('error', text),
    warn: (text) => say('warn', text),
    rewrite: () => {},
    isTerminal: false,
    colors: false,
  }
}

/** Reads such a line back; one of another kind (a crash prints them) counts as an error. */
export function readLogEntry(line: string): Entry {
  try {
    const { level, msg } = JSON.parse(line)
    const isKnown = level === 'error' || level === 'warn'
    if (typeof msg === 'string') return { level: isKnown ? level : 'info', text: msg }
  } catch {
    // Not ours.
  }
  return { level: 'error', text: line }
}

/** The first lines that say by which fault the last run in the background ended; none after a good end. */
export function readLastFaults({ launcherLog }: StatePaths): string[] {
  if (!existsSync(launcherLog)) return []
  const entries = readFileSync(launcherLog, 'utf8').split('\n').map(readLogEntry)
  if (entries.some(({ level, text }) => level === 'info' && text === stoppingLine)) return []
  const kept = entries.findLastIndex(({ text }) => text === routesKeptLine)
  const faults = entries
    .slice(kept + 1)
    .filter(({ level, text }) => level === 'error' && text.trim() !== '')
  return faults.slice(0, shownFaults).map(({ text }) => text)
}
